using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>Convolutions in all three directions: rows of each result against their sums in float64.</summary>
internal sealed class SampledConvolutions(string model, Device device, Precision precision) : SampledOperations(model, device, precision)
{
    /// <param name="maps">[N, I, H, W].</param>
    /// <param name="filters">[O, I, k, k].</param>
    public void Check(Shape maps, Shape filters)
    {
        using var scope = TensorScope.Begin();
        Shape results = [maps[0], filters[0], maps[2], maps[3]];
        SampledOperand x = new(maps, 1, Device.Activations), w = new(filters, 2, DType.Float32), dy = new(results, 3, Device.Activations);
        Tensor mapsThere = x.On(Device, Device.FeatureMaps), filtersThere = w.On(Device, Device.Filters);
        var gradientThere = dy.On(Device, Device.FeatureMaps);
        var given = new Dictionary<string, object?> { ["x"] = mapsThere, ["weight"] = filtersThere, ["dy"] = gradientThere };
        int border = filters[2] / 2;
        Check(nameof(IBackend.Conv2d), "y", gradientThere, (n, o, h, column) =>
        {
            double sum = 0;
            for (int i = 0; i < maps[1]; i++)
                for (int a = 0; a < filters[2]; a++)
                    for (int b = 0; b < filters[3]; b++) sum += x.At(n, i, h + a - border, column + b - border) * w.At(o, i, a, b);
            return sum;
        });
        Check(nameof(IBackend.Conv2dInputGradient), "dx", mapsThere, (n, i, h, column) =>
        {
            double sum = 0;
            for (int o = 0; o < filters[0]; o++)
                for (int a = 0; a < filters[2]; a++)
                    for (int b = 0; b < filters[3]; b++) sum += dy.At(n, o, h - a + border, column - b + border) * w.At(o, i, a, b);
            return sum;
        });
        Check(nameof(IBackend.Conv2dFilterGradient), "dWeight", filtersThere, (o, i, a, b) =>
        {
            double sum = 0;
            for (int n = 0; n < maps[0]; n++)
                for (int h = 0; h < maps[2]; h++)
                    for (int column = 0; column < maps[3]; column++)
                        sum += dy.At(n, o, h, column) * x.At(n, i, h + a - border, column + b - border);
            return sum;
        });

        void Check(string operation, string output, Tensor like, Func<int, int, int, int, double> exact)
        {
            var result = Tensor.EmptyLike(like);
            var shape = result.Shape;
            this.Check(operation, new Dictionary<string, object?>(given) { [output] = result }, leftOut: 0,
                Some(output, Runs, shape[0] * shape[1] * shape[2], shape[3], row => [.. Enumerable.Range(0, shape[3]).Select(
                    column => exact(row / (shape[1] * shape[2]), row / shape[2] % shape[1], row % shape[2], column))]));
        }
    }
}
