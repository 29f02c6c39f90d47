using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public unsafe void Cast(Tensor x, Tensor y)
    {
        if (y.DType == DType.BFloat16)
        {
            Slices.Run(x.StoredCount, (x, y), static (s, start, length) =>
            {
                float* source = s.x.Pointer<float>();
                var target = s.y.Pointer<BFloat16>();
                for (long i = start; i < start + length; i++) target[i] = (BFloat16)source[i];
            });
        }
        else
        {
            Slices.Run(x.StoredCount, (x, y), static (s, start, length) =>
            {
                var source = s.x.Pointer<BFloat16>();
                float* target = s.y.Pointer<float>();
                for (long i = start; i < start + length; i++) target[i] = (float)source[i];
            });
        }
    }
}
