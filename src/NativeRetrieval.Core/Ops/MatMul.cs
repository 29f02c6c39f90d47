using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>C = op(A)·op(B)</c>, where op transposes on request.</summary>
    /// <param name="a">[M, K], or [K, M] with <paramref name="transposeA"/>; float32, float64 or bfloat16, contiguous.</param>
    /// <param name="b">
    /// [K, N], or [N, K] with <paramref name="transposeB"/>; dtype and device of <paramref name="a"/>, or float32 beside bfloat16: a
    /// parameter, which is rounded to it.
    /// </param>
    /// <returns>[M, N], of the type of <paramref name="a"/>.</returns>
    /// <exception cref="ShapeException">The inner sizes differ.</exception>
    public static Tensor MatMul(Tensor a, Tensor b, bool transposeA = false, bool transposeB = false)
    {
        Expect.Activation(a);
        Expect.Contiguous(a);
        Expect.Contiguous(b);
        if (b.DType != a.DType) Expect.Parameter(b, a);
        else Expect.Alike(b, a);
        Shape.ExpectRank(a, 2, "[M, K]");
        Shape.ExpectRank(b, 2, "[K, N]");
        if (a.Shape[transposeA ? 0 : 1] != b.Shape[transposeB ? 1 : 0])
            throw new ShapeException($"MatMul: the inner sizes of a {a.Shape}{(transposeA ? " transposed" : "")} "
                + $"and b {b.Shape}{(transposeB ? " transposed" : "")} differ");

        var c = Product(a, b, transposeA, transposeB, a.DType);
        return Tape.Record(c, [a, b], [a, b], (transposeA, transposeB), static ctx =>
        {
            var (a, b, dc) = (ctx.Saved[0], ctx.Saved[1], ctx.OutputGradient);
            var (transposeA, transposeB) = ctx.State<(bool, bool)>();
            var da = !ctx.Wants(0) ? null
                : transposeA ? Product(b, dc, transposeB, true, a.DType) : Product(dc, b, false, !transposeB, a.DType);
            var db = !ctx.Wants(1) ? null
                : transposeB ? Product(dc, a, true, transposeA, b.DType) : Product(a, dc, !transposeA, false, b.DType);
            return [da, db];
        });
    }

    /// <summary>op(A)·op(B) in a type that may be wider than the operands', and a matrix of that type added to it.</summary>
    static Tensor Product(Tensor a, Tensor b, bool transposeA, bool transposeB, DType dtype, Tensor? summand = null)
    {
        var c = Tensor.Empty([a.Shape[transposeA ? 1 : 0], b.Shape[transposeB ? 0 : 1]], a.Device, dtype);
        a.Backend.MatMul(a, b, transposeA, transposeB, summand, c);
        return c;
    }
}

internal partial interface IBackend
{
    /// <summary>c = op(A)·op(B), plus the summand where there is one, which is no other argument.</summary>
    void MatMul(Tensor a, Tensor b, bool transposeA, bool transposeB, Tensor? summand, Tensor c);
}
