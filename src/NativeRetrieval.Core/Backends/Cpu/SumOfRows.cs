using System.Numerics;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void SumOfRows(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) Run<float>(x, y);
        else Run<double>(x, y);

        static void Run<T>(Tensor x, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int rows = x.Shape[0], width = x.Shape[1];
            T* source = x.Pointer<T>(), target = y.Pointer<T>();
            RowSlices.RunColumns(width, (first, end) =>
            {
                new Span<T>(target + first, end - first).Clear();
                for (int row = 0; row < rows; row++) RowMath.Add(source + (long)row * width + first, target + first, end - first);
            });
        }
    }
}
