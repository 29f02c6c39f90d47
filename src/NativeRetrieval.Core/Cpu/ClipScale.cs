using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void ClipScale(ReadOnlySpan<Tensor> gradients, double limit, double epsilon, Tensor result)
    {
        double sum = 0;
        foreach (var gradient in gradients)
            sum += gradient.DType == DType.Float32 ? Total<float>(gradient, gradient) : Total<double>(gradient, gradient);
        double norm = Math.Sqrt(sum);
        var target = result.Span<double>();
        (target[0], target[1]) = (double.IsInfinity(limit) ? 1 : Math.Min(1, limit / (norm + epsilon)), norm);
    }
}
