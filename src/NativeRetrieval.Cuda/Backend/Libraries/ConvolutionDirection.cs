namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>The things that are computed of a convolution y = x ∗ w.</summary>
internal enum ConvolutionDirection
{
    /// <summary>y.</summary>
    Forward,

    /// <summary>The gradient of x, from that of y.</summary>
    InputGradient,

    /// <summary>The gradient of w, from x and the gradient of y.</summary>
    FilterGradient,

    /// <summary>y + bias.</summary>
    ForwardWithBias,

    /// <summary>max(y + bias, 0).</summary>
    ForwardWithBiasAndRelu,

    /// <summary>max(y + bias + summand, 0).</summary>
    ForwardWithSumAndRelu,
}

/// <summary>Addresses of a convolution's tensors or of their gradients; the direction says which one is written.</summary>
/// <param name="X">[N, H, W, I].</param>
/// <param name="W">[O, k, k, I].</param>
/// <param name="Y">[N, H, W, O].</param>
/// <param name="Bias">[O], or 0.</param>
/// <param name="Summand">Like Y, or 0.</param>
internal readonly record struct ConvolutionOperands(nint X, nint W, nint Y, nint Bias = 0, nint Summand = 0);
