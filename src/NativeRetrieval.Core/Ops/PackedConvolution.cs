using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// A convolution prepared for inference: kernels, multiplied by a scale per output channel, in the order in which the backend reads them,
/// and a shift per output channel. Batch normalisation folds into scale and shift. It does not follow later changes of the tensors it was
/// made from. float32 only.
/// </summary>
public sealed class PackedConvolution : IDisposable
{
    /// <param name="weight">[O, I, k, k], float32, contiguous, k = 5, 3 or 1.</param>
    /// <param name="scale">[O].</param>
    /// <param name="shift">[O].</param>
    /// <param name="width">Width W of the feature maps it will take: the order of the weights depends on it.</param>
    public PackedConvolution(Tensor weight, Tensor scale, Tensor shift, int width)
    {
        Expect.Kernel(weight, nameof(PackedConvolution));
        if (weight.DType != DType.Float32) throw new Errors.ShapeException($"PackedConvolution: weight must be float32, got {weight.Describe()}");
        Shape.Expect(scale, [weight.Shape[0]], "one value per output channel", nameof(PackedConvolution));
        Shape.Expect(shift, [weight.Shape[0]], "one value per output channel", nameof(PackedConvolution));
        Expect.Alike(scale, weight, nameof(PackedConvolution));
        Expect.Alike(shift, weight, nameof(PackedConvolution));
        (WeightShape, Width) = (weight.Shape, width);
        // They live as long as this object, not as the scope it is made in.
        Weight = TensorScope.Detach(weight.Backend.PackConvolution(weight, scale, width));
        Bias = TensorScope.Detach(Tensor.Zeros([(weight.Shape[0] + 15) / 16 * 16], weight.Device));
        using var bias = Bias.Rows(0, weight.Shape[0]);
        bias.CopyFrom(shift);
    }

    internal Shape WeightShape { get; }

    internal int Width { get; }

    /// <summary>Kernels in the backend's order.</summary>
    internal Tensor Weight { get; }

    /// <summary>The shift, padded with zeros to whole blocks of 16 channels.</summary>
    internal Tensor Bias { get; }

    public void Dispose()
    {
        Weight.Dispose();
        Bias.Dispose();
    }
}
