using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MatMul(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor c) =>
        Multiply(c.Shape[0], c.Shape[1], a.Shape[transposeA ? 0 : 1], a, transposeA, b, transposeB, c);

    /// <summary>C = op(A)·op(B), then the epilogue; without inner elements C is 0.</summary>
    void Multiply(int rows, int columns, int inner, Tensor a, bool transposeA, Tensor b, bool transposeB, Tensor c,
        Epilogue epilogue = Epilogue.Default, Tensor? bias = null)
    {
        if (c.Count == 0) return;
        if (inner > 0) Products.Multiply(rows, columns, inner, F32(a), transposeA, F32(b), transposeB, F32(c), epilogue, F32OrNull(bias));
        else if (bias is null) device.Clear(c.Address, c.SizeBytes);
        else throw new ShapeException($"Linear: on {device} a weight must have at least one column, got {b.Shape}");
    }
}
