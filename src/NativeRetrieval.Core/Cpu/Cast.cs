using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public unsafe void Cast(Tensor x, Tensor y)
    {
        if (y.DType == DType.BFloat16)
        {
            float* source = x.Pointer<float>();
            var target = y.Pointer<BFloat16>();
            Slices.Run(x.StoredCount, (start, length) =>
            {
                for (long i = start; i < start + length; i++) target[i] = (BFloat16)source[i];
            });
        }
        else
        {
            var source = x.Pointer<BFloat16>();
            float* target = y.Pointer<float>();
            Slices.Run(x.StoredCount, (start, length) =>
            {
                for (long i = start; i < start + length; i++) target[i] = (float)source[i];
            });
        }
    }
}
