using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>
    /// Sizes of a tile of a product by own kernels, and the bytes that its slices take, as kernels/common/block_product.cuh has them.
    /// </summary>
    const int ProductRows = 64, ProductColumns = 128, ProductBytes = 82_944;

    public void MatMul(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor? summand, Tensor c) =>
        Multiply(c.Shape[0], c.Shape[1], a.Shape[transposeA ? 0 : 1], a, transposeA, b, transposeB, c, summand: summand);

    /// <summary>
    /// C = op(A)·op(B) + summand, then the epilogue; without inner elements C is the summand or 0. A float32 operand beside a bfloat16 one
    /// is a parameter.
    /// </summary>
    void Multiply(int rows, int columns, int inner, Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor c,
        Epilogue epilogue = Epilogue.Default, Tensor? bias = null, Tensor? summand = null)
    {
        if (c.Count == 0) return;
        if (inner > 0)
            Products.Multiply(rows, columns, inner, Operand(a, b), transposeA, Operand(b, a), transposeB, Activations(c), epilogue,
                bias is null ? 0 : Operand(bias, c), operands: a.DType == DType.BFloat16 ? a.DType : b.DType, result: c.DType,
                summand: summand is null ? 0 : Activations(summand));
        else if (summand is not null) c.CopyFrom(summand);
        else if (bias is null) device.Clear(c.Address, c.SizeBytes);
        else throw new ShapeException($"Linear: on {device} a weight must have at least one column, got {b.Shape}");
    }

    /// <summary>Three TF32 parts of float32 values (<see cref="SplitKernel"/>).</summary>
    void Split(nint x, nint y, long rows, long columns, SplitOrder order) =>
        LaunchOver(rows * columns, "mat_mul", "mat_mul_split_f32", x, y, rows, columns, (int)order);
}
