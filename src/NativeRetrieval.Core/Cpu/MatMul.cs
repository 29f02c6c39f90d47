using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void MatMul(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor? summand, Tensor c)
    {
        if (a.DType == DType.Float32) Run<float>(a, b, transposeA, transposeB, c);
        else Run<double>(a, b, transposeA, transposeB, c);
        if (summand is not null) Add(c, summand, scale: 1.0, c);

        static void Run<T>(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor c) where T : unmanaged, IFloatingPointIeee754<T> =>
            PackedGemm.Run(c.Shape[0], c.Shape[1], a.Shape[transposeA ? 0 : 1], View<T>(a, transposeA), View<T>(b, transposeB),
                c.Pointer<T>(), c.Shape[1]);
    }

    static MatrixView<T> View<T>(Tensor matrix, bool transposed) where T : unmanaged
    {
        var view = new MatrixView<T>(matrix.Pointer<T>(), matrix.Shape[1]);
        return transposed ? view.Transposed : view;
    }
}
