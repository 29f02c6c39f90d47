using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// The 16 transforms of each 3x3 filter of a packed convolution, [16, O, I] float32: they live as long as its weights, of which they are
/// 16/9 times as large.
/// </summary>
/// <param name="transform">Queues the transformation of filters.</param>
internal sealed class TransformedFilters(Tensor values, Action<Tensor, Tensor> transform) : DerivedValues
{
    public nint Address => values.Address;

    /// <summary>Those of a weight, made at their first use.</summary>
    /// <param name="weight">[O, I, 3, 3], the whole of its block.</param>
    public static TransformedFilters Of(Tensor weight, int count, Action<Tensor, Tensor> transform)
    {
        if (weight.Memory.Derived is TransformedFilters known) return known;
        weight.Memory.Derived?.Dispose();
        // They live as long as the weights, not as the scope they are made in.
        var values = TensorScope.Detach(Tensor.Empty([count, checked(weight.Shape[0] * weight.Shape[1])], weight.Device));
        transform(weight, values);
        var made = new TransformedFilters(values, transform);
        weight.Memory.Derived = made;
        return made;
    }

    public override void Renew(Tensor changed) => transform(changed, values);

    public override void Dispose() => values.Dispose();
}
