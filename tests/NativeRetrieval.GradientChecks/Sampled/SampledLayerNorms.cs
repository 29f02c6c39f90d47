using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// Layer norms, forward and backward: some rows, and the parameters' gradients, which are summed over all rows in float64.
/// </summary>
internal sealed class SampledLayerNorms(string model, Device device, Precision precision) : SampledOperations(model, device, precision)
{
    public void Check(LayerNormSizes sizes)
    {
        using var scope = TensorScope.Begin();
        var (rows, width) = (sizes.Rows, sizes.Width);
        SampledOperand x = new([rows, width], 1, sizes.Stored, offset: 0.25), dy = new([rows, width], 2, sizes.Stored);
        SampledOperand gain = new([width], 3, DType.Float32, 1, 0.5), bias = new([width], 4, DType.Float32, 0, 0.5);
        double[] mean = new double[rows], inverse = new double[rows];
        Parallel.For(0, rows, row =>
        {
            double sum = 0, squares = 0;
            for (int i = 0; i < width; i++) sum += x.Values[row * width + i];
            mean[row] = sum / width;
            for (int i = 0; i < width; i++) squares += Math.Pow(x.Values[row * width + i] - mean[row], 2);
            inverse[row] = 1 / Math.Sqrt(squares / width + sizes.Epsilon);
        });
        double[] dGain = new double[width], dBias = new double[width];
        for (int i = 0; i < rows * width; i++)
        {
            dGain[i % width] += dy.Values[i] * Normal(i);
            dBias[i % width] += dy.Values[i];
        }
        var maps = x.On(Device);
        var given = new Dictionary<string, object?>
        {
            ["x"] = maps, ["gain"] = gain.On(Device), ["bias"] = bias.On(Device), ["epsilon"] = sizes.Epsilon, ["dy"] = dy.On(Device),
            ["y"] = Tensor.EmptyLike(maps), ["dx"] = Tensor.EmptyLike(maps),
            ["mean"] = Tensor.Empty([rows], Device), ["inverseDeviation"] = Tensor.Empty([rows], Device),
            ["dGain"] = Tensor.Empty([width], Device), ["dBias"] = Tensor.Empty([width], Device),
        };
        Check(nameof(IBackend.LayerNorm), given, leftOut: 0,
            Some("y", Runs, rows, width, row =>
                [.. Enumerable.Range(0, width).Select(i => Normal(row * width + i) * gain.Values[i] + bias.Values[i])]),
            Some("mean", Runs, rows, 1, row => [mean[row]]),
            Some("inverseDeviation", Runs, rows, 1, row => [inverse[row]]));
        given["mean"] = HostTensor.Write(mean, [rows], Device, DType.Float32);
        given["inverseDeviation"] = HostTensor.Write(inverse, [rows], Device, DType.Float32);
        Check(nameof(IBackend.LayerNormBackward), given, leftOut: 0, Some("dx", Runs, rows, width, InputGradient),
            new Expected("dGain", [0], width, dGain), new Expected("dBias", [0], width, dBias));

        double Normal(int i) => (x.Values[i] - mean[i / width]) * inverse[i / width];

        double[] InputGradient(int row)
        {
            double[] gradients = [.. Enumerable.Range(0, width).Select(i => (double)dy.Values[row * width + i] * gain.Values[i])];
            double sum = 0, dot = 0;
            for (int i = 0; i < width; i++) (sum, dot) = (sum + gradients[i], dot + gradients[i] * Normal(row * width + i));
            for (int i = 0; i < width; i++)
                gradients[i] = inverse[row] * (gradients[i] - sum / width - Normal(row * width + i) * dot / width);
            return gradients;
        }
    }
}

/// <summary>A layer norm.</summary>
/// <param name="Stored">Type of x and y.</param>
internal readonly record struct LayerNormSizes(int Rows, int Width, double Epsilon, DType Stored)
{
    /// <summary>Null for another operation.</summary>
    public static LayerNormSizes? Of(OperationCall call)
    {
        if (call.Name != nameof(IBackend.LayerNorm)) return null;
        var x = call.Argument<Tensor>("x");
        return new(checked((int)(x.Count / x.Shape[^1])), x.Shape[^1], call.Argument<double>("epsilon"), x.DType);
    }
}
