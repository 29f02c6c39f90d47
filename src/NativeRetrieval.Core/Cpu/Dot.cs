using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Dot(Tensor a, Tensor b, Tensor y)
    {
        if (a.DType == DType.Float32) y.Span<float>()[0] = (float)Total<float>(a, b);
        else y.Span<double>()[0] = Total<double>(a, b);
    }
}
