using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Full(Tensor y, double value)
    {
        if (y.DType == DType.Float32) y.Span<float>().Fill((float)value);
        else y.Span<double>().Fill(value);
    }
}
