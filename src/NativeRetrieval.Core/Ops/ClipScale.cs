using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// Global-norm clipping: <c>s = min(1, limit / (‖g‖ + ε))</c> with ‖g‖ = √(Σ g²) over all elements of all tensors, summed in float64.
    /// Not recorded.
    /// </summary>
    /// <param name="gradients">At least one, on one device.</param>
    /// <param name="limit">Above 0; infinite: s = 1.</param>
    /// <returns>float64 [2]: s and ‖g‖. It stays on the device: reading it waits.</returns>
    public static Tensor ClipScale(ReadOnlySpan<Tensor> gradients, double limit = double.PositiveInfinity, double epsilon = 0)
    {
        if (gradients.IsEmpty) throw new ShapeException("ClipScale: at least one gradient is needed");
        if (!(limit > 0)) throw new OptionException($"ClipScale: the limit must be above 0, got {limit}");
        foreach (var gradient in gradients) Expect.Real(gradient);
        var result = Tensor.Empty([2], gradients[0].Device, DType.Float64);
        gradients[0].Backend.ClipScale(gradients, limit, epsilon, result);
        return result;
    }
}

internal partial interface IBackend
{
    void ClipScale(ReadOnlySpan<Tensor> gradients, double limit, double epsilon, Tensor result);
}
