using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>y[n,o,h,w] = Σ_{i,a,b} x[n,i,h+a−p,w+b−p] · weight[o,i,a,b]</c>: stride 1, zero border p that keeps height and width, no bias.
    /// </summary>
    /// <param name="x">
    /// [N, I, H, W]. float32 or bfloat16 in the device's layout of feature maps, or contiguous with I = 1 (a spectrogram), gives that
    /// layout; float64 is contiguous throughout.
    /// </param>
    /// <param name="weight">
    /// [O, I, k, k], k = 5 (p = 2), 3 (p = 1) or 1 (p = 0), in the device's layout of filters; float32 beside bfloat16, and rounded to it.
    /// </param>
    /// <returns>[N, O, H, W], of x's type.</returns>
    public static Tensor Conv2d(Tensor x, Tensor weight)
    {
        Expect.Activation(x);
        Shape.ExpectRank(x, 4, "[N, I, H, W]");
        Expect.Kernel(weight);
        Expect.Parameter(weight, x);
        Shape.Expect(weight, [weight.Shape[0], x.Shape[1], weight.Shape[2], weight.Shape[3]],
            "kernels [O, I, k, k] take the channels of x");
        var layout = x.DType == DType.Float64 ? Layout.Contiguous : x.Device.FeatureMaps;
        if (x.Layout != layout && (x.Layout != Layout.Contiguous || x.Shape[1] != 1))
            throw new ShapeException($"Conv2d: {x.DType} feature maps on {x.Device} must be {layout}, got {x.Describe()}; "
                + "convert it by Op.ToLayout");

        var y = Tensor.Empty([x.Shape[0], weight.Shape[0], x.Shape[2], x.Shape[3]], x.Device, x.DType, layout);
        x.Backend.Conv2d(x, weight, y);
        return Tape.Record(y, [x, weight], [x, weight], null, static ctx =>
        {
            var (x, weight) = (ctx.Saved[0], ctx.Saved[1]);
            Tensor? dx = null, dWeight = null;
            if (ctx.Wants(0)) x.Backend.Conv2dInputGradient(ctx.OutputGradient, weight, dx = Tensor.EmptyLike(x));
            if (ctx.Wants(1)) x.Backend.Conv2dFilterGradient(ctx.OutputGradient, x, dWeight = Tensor.EmptyLike(weight));
            return [dx, dWeight];
        });
    }
}

internal partial interface IBackend
{
    void Conv2d(Tensor x, Tensor weight, Tensor y);

    void Conv2dInputGradient(Tensor dy, Tensor weight, Tensor dx);

    void Conv2dFilterGradient(Tensor dy, Tensor x, Tensor dWeight);
}
