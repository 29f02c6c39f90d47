using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = γ·(x − μ)/√(σ² + ε) + β</c> over the last axis, σ² being the mean squared deviation (Ba et al. 2016).</summary>
    /// <param name="x">[…, D], float32, float64 or bfloat16, contiguous.</param>
    /// <param name="gain">γ, [D]; float32 beside bfloat16.</param>
    /// <param name="bias">β, [D]; float32 beside bfloat16.</param>
    /// <param name="epsilon">ε; 1e-12 in BERT.</param>
    /// <exception cref="ShapeException">γ or β is not [D].</exception>
    public static Tensor LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon = 1e-12)
    {
        ExpectNormalizable(x, gain, bias);
        var y = Tensor.EmptyLike(x);
        // Per row: backward needs both, and they are D times smaller than x.
        using var mean = Tensor.Empty(x.Shape[..^1], x.Device, gain.DType);
        using var inverseDeviation = Tensor.Empty(x.Shape[..^1], x.Device, gain.DType);
        x.Backend.LayerNorm(x, gain, bias, epsilon, y, mean, inverseDeviation);
        return Tape.Record(y, [x, gain, bias], [x, gain, mean, inverseDeviation], null, static ctx =>
        {
            var (x, gain) = (ctx.Saved[0], ctx.Saved[1]);
            var (dx, dGain, dBias) = (Tensor.EmptyLike(x), Tensor.EmptyLike(gain), Tensor.EmptyLike(gain));
            x.Backend.LayerNormBackward(ctx.OutputGradient, x, gain, ctx.Saved[2], ctx.Saved[3], dx, dGain, dBias);
            return [dx, dGain, dBias];
        });
    }

    static void ExpectNormalizable(Tensor x, Tensor gain, Tensor bias, [CallerMemberName] string op = "")
    {
        Expect.Activation(x, op);
        Expect.Contiguous(x, op);
        if (x.Shape.Length == 0) throw new ShapeException($"{op}: x must have at least one axis, got a scalar");
        Expect.Parameter(gain, x, op);
        Expect.Parameter(bias, x, op);
        Shape.Expect(gain, [x.Shape[^1]], "one value per feature of x", op);
        Shape.Expect(bias, [x.Shape[^1]], "one value per feature of x", op);
    }
}

internal partial interface IBackend
{
    /// <param name="mean">μ per row.</param>
    /// <param name="inverseDeviation">1/√(σ² + ε) per row.</param>
    void LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor y, Tensor mean, Tensor inverseDeviation);

    /// <summary>
    /// With n = (x − μ)·s, s = inverseDeviation: dx = s·(γdy − mean(γdy) − n·mean(γdy·n)), dγ = Σ dy·n, dβ = Σ dy over rows.
    /// </summary>
    void LayerNormBackward(Tensor dy, Tensor x, Tensor gain, Tensor mean, Tensor inverseDeviation, Tensor dx, Tensor dGain, Tensor dBias);
}
