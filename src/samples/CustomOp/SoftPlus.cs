using System.Numerics;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace CustomOp;

/// <summary>A differentiable operation of a host's own, made of public parts of NativeRetrieval.Core alone.</summary>
public static class SoftPlus
{
    /// <summary><c>y = log(1 + eˣ)</c>, elementwise, with <c>dx = dy / (1 + e⁻ˣ)</c>.</summary>
    /// <param name="x">Any shape, float32 or float64, contiguous; on any device, though the values are computed on the host.</param>
    public static Tensor Apply(Tensor x) => x.DType switch
    {
        DType.Float32 => Apply<float>(x),
        DType.Float64 => Apply<double>(x),
        _ => throw new ShapeException($"SoftPlus: x must be float32 or float64, got {x.Describe()}"),
    };

    static Tensor Apply<T>(Tensor x) where T : unmanaged, IFloatingPointIeee754<T>
    {
        // max(x, 0) + log(1 + e^−|x|) is the same and never overflows.
        T[] y = Array.ConvertAll(x.ToArray<T>(), static v => T.Max(v, T.Zero) + T.LogP1(T.Exp(-T.Abs(v))));
        return Tape.Record(Tensor.From(y, x.Shape, x.Device), inputs: [x], saved: [x], state: null, static context =>
        {
            T[] x = context.Saved[0].ToArray<T>(), dx = context.OutputGradient.ToArray<T>();
            for (int i = 0; i < dx.Length; i++) dx[i] /= T.One + T.Exp(-x[i]);
            return [Tensor.From(dx, context.Saved[0].Shape, context.Saved[0].Device)];
        }, nameof(SoftPlus));
    }
}
