using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// A convolution prepared for inference: kernels, multiplied by a scale per output channel, in the order in which the backend reads them,
/// and a shift per output channel. Batch normalisation folds into scale and shift. It does not follow later changes of the tensors it was
/// made from. float32; beside bfloat16 feature maps it is rounded to their type.
/// </summary>
/// <remarks>
/// The CPU reads large 3x3 kernels where they are, so that a model's weights are in memory once. They must not change as long as the packed
/// convolution is used, which refuses to run once they have.
/// </remarks>
public sealed class PackedConvolution : IDisposable
{
    readonly int _version;

    /// <param name="weight">[O, I, k, k], float32, in the device's layout of filters, k = 5, 3 or 1.</param>
    /// <param name="scale">[O].</param>
    /// <param name="shift">[O].</param>
    /// <param name="width">Width W of the feature maps it will take: the order of the weights depends on it.</param>
    public PackedConvolution(Tensor weight, Tensor scale, Tensor shift, int width)
    {
        Expect.Kernel(weight, nameof(PackedConvolution));
        if (weight.DType != DType.Float32) throw new ShapeException($"PackedConvolution: weight must be float32, got {weight.Describe()}");
        Shape.Expect(scale, [weight.Shape[0]], "one value per output channel", nameof(PackedConvolution));
        Shape.Expect(shift, [weight.Shape[0]], "one value per output channel", nameof(PackedConvolution));
        Expect.Alike(scale, weight, nameof(PackedConvolution));
        Expect.Alike(shift, weight, nameof(PackedConvolution));
        (WeightShape, Width, _version) = (weight.Shape, width, weight.Version);
        Bias = Padded(shift);
        Scale = Padded(scale);
        if (weight.Backend.PackedConv2dWeight(weight, Scale, width) is { } packed)
        {
            Weight = TensorScope.Detach(packed);
            Scale.Dispose();
            Scale = null;
        }
        else Weight = weight.Share();
    }

    /// <summary>
    /// Values of output channels and zeros up to whole blocks of 16. They live as long as this object, not as the scope it is made in.
    /// </summary>
    static Tensor Padded(Tensor values)
    {
        var padded = TensorScope.Detach(Tensor.Zeros([(values.Shape[0] + 15) / 16 * 16], values.Device));
        using var own = padded.Rows(0, values.Shape[0]);
        own.CopyFrom(values);
        return padded;
    }

    internal Shape WeightShape { get; }

    internal int Width { get; }

    /// <summary>Kernels in the backend's order, or those it was made from.</summary>
    internal Tensor Weight { get; }

    /// <summary>
    /// A factor for each output channel, padded like <see cref="Bias"/>, where <see cref="Weight"/> is what it was made from; else null.
    /// </summary>
    internal Tensor? Scale { get; }

    /// <summary>False once the kernels it reads have changed.</summary>
    internal bool IsCurrent => Scale is null || Weight.Version == _version;

    /// <summary>The shift, padded with zeros to whole blocks of 16 channels.</summary>
    internal Tensor Bias { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        Scale?.Dispose();
        Bias.Dispose();
    }
}

public static partial class Op
{
    /// <summary>
    /// <c>y = (x ∗ weight) · scale + shift + summand</c>, then max(·, 0) where <paramref name="relu"/> is set, then 0 in the padding
    /// behind a clip's own frames: <see cref="Conv2d"/> and what follows it, for inference.
    /// </summary>
    /// <param name="x">[N, I, H, W], float32 or bfloat16, in the device's layout of feature maps; contiguous where I = 1.</param>
    /// <param name="summand">[N, O, H, W], like the result, with <paramref name="relu"/> alone; null: none.</param>
    /// <param name="lengths">int32 [N], frames (axis 2) of each clip that are not padding; null: all.</param>
    /// <returns>[N, O, H, W], of x's type, in the device's layout of feature maps.</returns>
    /// <exception cref="ShapeException">A summand comes without relu, or a tensor does not fit the others.</exception>
    /// <exception cref="NativeRetrievalException">
    /// A tape follows x or the summand: this op has no gradient. Or kernels that are read where they are have changed since they were
    /// packed.
    /// </exception>
    public static Tensor PackedConv2d(
        Tensor x, PackedConvolution convolution, bool relu, Tensor? summand = null, Tensor? lengths = null)
    {
        Shape.ExpectRank(x, 4, "[N, I, H, W]");
        Expect.Activation(x);
        Expect.Parameter(convolution.Bias, x);
        Shape.Expect(x, [x.Shape[0], convolution.WeightShape[1], x.Shape[2], x.Shape[3]], "the packed kernels take this many channels");
        if (x.Shape[3] != convolution.Width)
            throw new ShapeException($"PackedConv2d: the kernels were packed for maps {convolution.Width} wide, got {x.Shape}; "
                + "pack them for this width");
        var layout = x.Shape[1] == 1 ? Layout.Contiguous : x.Device.FeatureMaps;
        if (x.Layout != layout)
            throw new ShapeException($"PackedConv2d: x must be {layout}, got {x.Describe()}; convert it by Op.ToLayout");
        if (Tape.Follows(x) || (summand is not null && Tape.Follows(summand)))
            throw new NativeRetrievalException("PackedConv2d has no gradient; use Conv2d and BatchNorm where a tape records");
        if (!convolution.IsCurrent)
            throw new NativeRetrievalException("PackedConv2d: the kernels have changed since they were packed; pack them again");
        var y = Tensor.Empty([x.Shape[0], convolution.WeightShape[0], x.Shape[2], x.Shape[3]], x.Device, x.DType, x.Device.FeatureMaps);
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        if (summand is not null)
        {
            Expect.Same(summand, y);
            if (!relu) throw new ShapeException("PackedConv2d: a summand is added before max(·, 0) alone; set relu, or use Add");
        }
        x.Backend.PackedConv2d(x, convolution, relu, summand, y);
        if (lengths is not null) x.Backend.MaskFrames(y, lengths, y);
        return y;
    }
}

internal partial interface IBackend
{
    /// <summary>
    /// Kernels times scale, in the order in which <see cref="PackedConv2d"/> reads them for maps of that width; null where it reads them as
    /// they are.
    /// </summary>
    /// <param name="scale">One value per output channel, padded to whole blocks of 16.</param>
    Tensor? PackedConv2dWeight(Tensor weight, Tensor scale, int width);

    /// <param name="summand">Null: none; else relu is true.</param>
    void PackedConv2d(Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y);
}
