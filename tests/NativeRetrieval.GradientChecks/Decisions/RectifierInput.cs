using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks.Decisions;

/// <summary>An entry of γ·(x − μ)/σ + β that a rectifier of a batch norm decides on, in float64.</summary>
/// <param name="Entry">Its place in the normalised maps.</param>
/// <param name="Gradient">The place in dy of the gradient that it gets.</param>
/// <param name="Terms">Sum of the absolute values of what <paramref name="Value"/> was added up from.</param>
internal readonly record struct RectifierInput(int Entry, int Gradient, double Value, double Terms)
{
    /// <summary>The entries of all clips' own frames that lie in whole windows; x is convolved first where the operation does.</summary>
    /// <param name="call">A batch norm, forward or backward, or one fused with others, whose channels are axis 1.</param>
    /// <param name="read">The elements of an argument; null without it.</param>
    public static IEnumerable<RectifierInput> Of(OperationCall call, Func<string, double[]?> read)
    {
        double[] x = read("x")!, terms = Array.ConvertAll(x, Math.Abs), weight = read("weight")!, bias = read("bias")!;
        double[] mean = read("mean")!, inverse = read("inverseDeviation")!;
        double[]? lengths = read("lengths");
        var shape = call.Argument<Tensor>("x").Shape;
        if (call.Names.Contains("kernels"))
        {
            double[] kernels = read("kernels")!;
            (x, terms) = (Convolved(call, x, kernels), Convolved(call, terms, Array.ConvertAll(kernels, Math.Abs)));
            shape = [shape[0], weight.Length, shape[2], shape[3]];
        }
        int window = call.Names.Contains("pooling") ? call.Argument<PoolingOptions>("pooling").Window : 1;
        int channels = shape[1], frames = shape[2], width = shape[3], rows = frames / window, columns = width / window;
        for (int i = 0; i < x.Length; i++)
        {
            int row = i / width, plane = row / frames, frame = row % frames / window, column = i % width / window, c = plane % channels;
            int own = lengths is null ? frames : Math.Clamp((int)lengths[plane / channels], 0, frames);
            if (frame >= own / window || column >= columns) continue;
            double scale = weight[c] * inverse[c];
            yield return new(i, (plane * rows + frame) * columns + column, (x[i] - mean[c]) * scale + bias[c],
                (terms[i] + Math.Abs(mean[c])) * Math.Abs(scale) + Math.Abs(bias[c]));
        }
    }

    static double[] Convolved(OperationCall call, double[] x, double[] kernels)
    {
        using var scope = TensorScope.Begin();
        Shape input = call.Argument<Tensor>("x").Shape, filters = call.Argument<Tensor>("kernels").Shape;
        var y = Tensor.Empty([input[0], filters[0], input[2], input[3]], CpuDevice.Shared, DType.Float64);
        y.Backend.Conv2d(Tensor.From(x, input, CpuDevice.Shared), Tensor.From(kernels, filters, CpuDevice.Shared), y);
        return y.ToArray<double>();
    }
}
