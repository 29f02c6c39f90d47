using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void MatMul(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor c)
    {
        if (a.DType == DType.Float32) Run<float>(a, b, transposeA, transposeB, c);
        else Run<double>(a, b, transposeA, transposeB, c);

        static void Run<T>(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor c) where T : unmanaged, IFloatingPointIeee754<T> =>
            Product(c.Shape[0], c.Shape[1], a.Shape[transposeA ? 0 : 1], View<T>(a, transposeA), View<T>(b, transposeB), c.Pointer<T>(),
                c.Shape[1]);
    }

    /// <summary>C = A·B: packed and vectorised in float32, by its definition in float64.</summary>
    static void Product<T>(int m, int n, int k, MatrixView<T> a, MatrixView<T> b, T* c, nint cStride)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
            Sgemm.Run(m, n, k, new MatrixView<float>((float*)a.Data, a.RowStride, a.ColumnStride),
                new((float*)b.Data, b.RowStride, b.ColumnStride), (float*)c, cStride);
        else
            ReferenceGemm.Run(m, n, k, a, b, c, cStride);
    }

    static MatrixView<T> View<T>(Tensor matrix, bool transposed) where T : unmanaged
    {
        var view = new MatrixView<T>(matrix.Pointer<T>(), matrix.Shape[1]);
        return transposed ? view.Transposed : view;
    }
}
