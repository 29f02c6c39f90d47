using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Convolutions of inference, packed with a scale and a shift, and first blocks, of whose clips every second has padding: rows of the
/// result against their sums in float64.
/// </summary>
internal sealed class SampledPackedConvolutions(string model, Device device, Precision precision)
    : SampledOperations(model, device, precision)
{
    public void Check(PackedSizes sizes)
    {
        using var scope = TensorScope.Begin();
        var (maps, filters) = (sizes.Maps, sizes.Filters);
        Shape results = [maps[0], filters[0], maps[2], maps[3]];
        var kernels = new Kernels(filters, 2);
        using var packed = kernels.On(Device, maps[3]);
        var x = new SampledOperand(maps, 1, Device.Activations);
        var summand = sizes.Adds ? new SampledOperand(results, 5, Device.Activations) : null;
        var layout = maps[1] == 1 ? Layout.Contiguous : Device.FeatureMaps;
        var given = new Dictionary<string, object?>
        {
            ["x"] = x.On(Device, layout), ["convolution"] = packed, ["relu"] = sizes.Relu,
            ["summand"] = summand?.On(Device, Device.FeatureMaps),
            ["y"] = Tensor.Empty(results, Device, Device.Activations, Device.FeatureMaps),
        };
        Check(nameof(IBackend.PackedConv2d), given, leftOut: 0, Rows(results, (n, o, row, column) =>
        {
            double y = kernels.Convolve(o, row, column, (i, h, w) => x.At(n, i, h, w)) + (summand?.At(n, o, row, column) ?? 0);
            return sizes.Relu ? Math.Max(y, 0) : y;
        }));
    }

    public void Check(PackedBlockSizes sizes)
    {
        using var scope = TensorScope.Begin();
        var (clips, frames, width) = (sizes.Image[0], sizes.Image[2], sizes.Image[3]);
        int[] own = [.. Enumerable.Range(0, clips).Select(clip => frames - clip % 2 * (frames / 4))];
        Kernels first = new(sizes.First, 2), second = new(sizes.Second, 5);
        using PackedConvolution firstThere = first.On(Device, width), secondThere = second.On(Device, width);
        var x = new SampledOperand(sizes.Image, 1, DType.Float32);
        Shape results = [clips, sizes.Second[0], frames / 2, width / 2];
        var given = new Dictionary<string, object?>
        {
            ["x"] = x.On(Device), ["first"] = firstThere, ["second"] = secondThere, ["lengths"] = Tensor.From(own, [clips], Device),
            ["y"] = Tensor.Empty(results, Device, Device.Activations, Device.FeatureMaps),
        };
        Check(nameof(IBackend.PackedConvBlock), given, leftOut: 0, Rows(results, (n, o, row, column) =>
        {
            if (row >= own[n] / 2) return 0;
            double sum = 0;
            for (int pixel = 0; pixel < 4; pixel++)
                sum += Math.Max(0, second.Convolve(o, 2 * row + pixel / 2, 2 * column + pixel % 2, (c, h, w) => Hidden(n, c, h, w)));
            return sum / 4;
        }));

        double Hidden(int n, int c, int h, int w) => h < 0 || h >= own[n] || w < 0 || w >= width ? 0
            : Math.Max(0, first.Convolve(c, h, w, (_, row, column) => x.At(n, 0, row, column)));
    }

    static Expected Rows(Shape results, Func<int, int, int, int, double> value) =>
        Some("y", Runs, results[0] * results[1] * results[2], results[3], row =>
        {
            var (n, o, h) = (row / results[2] / results[1], row / results[2] % results[1], row % results[2]);
            return [.. Enumerable.Range(0, results[3]).Select(column => value(n, o, h, column))];
        });

    /// <summary>Filters with a scale and a shift for each output channel.</summary>
    sealed class Kernels(Shape filters, ulong stream)
    {
        readonly SampledOperand _weight = new(filters, stream, DType.Float32),
            _scale = new([filters[0]], stream + 1, DType.Float32, 1, 0.5), _shift = new([filters[0]], stream + 2, DType.Float32);

        public PackedConvolution On(Device device, int width) =>
            new(_weight.On(device, device.Filters), _scale.On(device), _shift.On(device), width);

        /// <summary>An entry of x ∗ weight · scale + shift.</summary>
        /// <param name="x">Of input channel, row and column, 0 outside.</param>
        public double Convolve(int o, int row, int column, Func<int, int, int, double> x)
        {
            double sum = 0;
            int border = filters[2] / 2;
            for (int i = 0; i < filters[1]; i++)
                for (int a = 0; a < filters[2]; a++)
                    for (int b = 0; b < filters[3]; b++) sum += x(i, row + a - border, column + b - border) * _weight.At(o, i, a, b);
            return sum * _scale.Values[o] + _shift.Values[o];
        }
    }
}

/// <summary>A packed convolution of inference.</summary>
/// <param name="Maps">[N, I, H, W].</param>
/// <param name="Filters">[O, I, k, k].</param>
internal readonly record struct PackedSizes(Shape Maps, Shape Filters, bool Relu, bool Adds)
{
    /// <summary>Null for another operation.</summary>
    public static PackedSizes? Of(OperationCall call) => call.Name != nameof(IBackend.PackedConv2d) ? null
        : new(call.Argument<Tensor>("x").Shape, call.Argument<PackedConvolution>("convolution").WeightShape, call.Argument<bool>("relu"),
            call.Argument<Tensor?>("summand") is not null);
}

/// <summary>A first block of inference.</summary>
/// <param name="Image">[N, 1, H, W].</param>
/// <param name="First">[C, 1, k, k].</param>
/// <param name="Second">[O, C, k, k].</param>
internal readonly record struct PackedBlockSizes(Shape Image, Shape First, Shape Second)
{
    /// <summary>Null for another operation.</summary>
    public static PackedBlockSizes? Of(OperationCall call) => call.Name != nameof(IBackend.PackedConvBlock) ? null
        : new(call.Argument<Tensor>("x").Shape, call.Argument<PackedConvolution>("first").WeightShape,
            call.Argument<PackedConvolution>("second").WeightShape);
}
