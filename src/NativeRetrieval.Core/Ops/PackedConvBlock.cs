using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// Two packed convolutions, the first one of a single channel, each with max(·, 0) behind it, then the mean over windows of 2 x 2
    /// pixels: the first block of a convolutional encoder, for inference. It is <see cref="PackedConv2d"/> twice and
    /// <see cref="AvgPool2d"/>; a device may leave out the maps between them, the largest of the encoder.
    /// </summary>
    /// <param name="x">[N, 1, H, W], float32, contiguous.</param>
    /// <param name="first">From 1 to C channels, kernels of 3x3 or 5x5, packed for maps W wide.</param>
    /// <param name="second">From C to O channels, packed for maps W wide.</param>
    /// <param name="lengths">
    /// int32 [N], frames (axis 2) of each clip that are not padding: the maps between are 0 in all others, and the result where a window
    /// reaches behind them. Null: all.
    /// </param>
    /// <param name="dtype">Type of the result: float32, or bfloat16 on a device that computes in it.</param>
    /// <returns>[N, O, ⌊H/2⌋, ⌊W/2⌋], in the device's layout of feature maps.</returns>
    /// <exception cref="ShapeException">A tensor does not fit the others, or the device has no such type.</exception>
    /// <exception cref="NativeRetrievalException">
    /// A tape follows x: this op has no gradient. Or kernels that are read where they are have changed since they were packed.
    /// </exception>
    public static Tensor PackedConvBlock(
        Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths = null, DType dtype = DType.Float32)
    {
        Shape.ExpectRank(x, 4, "[N, 1, H, W]");
        Expect.Contiguous(x);
        if (x.DType != DType.Float32) throw new ShapeException($"PackedConvBlock: x must be float32, got {x.Describe()}");
        int clips = x.Shape[0], height = x.Shape[2], width = x.Shape[3], outputs = second.WeightShape[0];
        Shape.Expect(x, [clips, 1, height, width], "a first convolution takes one channel");
        Expect.Alike(first.Bias, x);
        Expect.Alike(second.Bias, x);
        if (first.WeightShape[1] != 1 || second.WeightShape[1] != first.WeightShape[0])
            throw new ShapeException("PackedConvBlock: the kernels must lead from 1 channel to C and from C on, got "
                + $"{first.WeightShape} and {second.WeightShape}");
        if (first.WeightShape[2] == 1)
            throw new ShapeException($"PackedConvBlock: the first kernels must be 3x3 or 5x5, got {first.WeightShape}");
        if (first.Width != width || second.Width != width)
            throw new ShapeException($"PackedConvBlock: the kernels were packed for maps {first.Width} and {second.Width} wide, got "
                + $"{x.Shape}; pack them for this width");
        if (dtype != DType.Float32 && (dtype != DType.BFloat16 || !x.Device.ComputesInBFloat16))
            throw new ShapeException($"PackedConvBlock: {x.Device} gives float32, {dtype} was asked for");
        if (Tape.Follows(x))
            throw new NativeRetrievalException("PackedConvBlock has no gradient; use Conv2d and BatchNorm where a tape records");
        if (!first.IsCurrent || !second.IsCurrent)
            throw new NativeRetrievalException("PackedConvBlock: kernels have changed since they were packed; pack them again");
        if (lengths is not null) Expect.Lengths(lengths, clips, x);
        var y = Tensor.Empty([clips, outputs, height / 2, width / 2], x.Device, dtype, x.Device.FeatureMaps);
        if (y.Count > 0) x.Backend.PackedConvBlock(x, first, second, lengths, y);
        return y;
    }
}

internal partial interface IBackend
{
    /// <param name="y">Not empty; its type is that of the maps between.</param>
    void PackedConvBlock(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y);
}
