namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Convolutions of stride 1 that keep height and width; feature maps [N, H, W, C] and filters [O, k, k, I], float32. All that the
/// backend knows of cuDNN: another interface of it, or other code, is another implementation.
/// </summary>
internal interface IConvolutions : IDisposable
{
    /// <summary>y = x ∗ w.</summary>
    void Forward(ConvolutionShape shape, nint x, nint w, nint y);

    /// <summary>y = x ∗ w + bias, then max(·, 0) where <paramref name="relu"/> is set; bias [O].</summary>
    void ForwardWithBias(ConvolutionShape shape, nint x, nint w, nint bias, bool relu, nint y);

    void InputGradient(ConvolutionShape shape, nint dy, nint w, nint dx);

    void FilterGradient(ConvolutionShape shape, nint x, nint dy, nint dw);
}
