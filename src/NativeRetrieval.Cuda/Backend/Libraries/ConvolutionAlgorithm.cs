namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>The three things that are computed of a convolution.</summary>
internal enum ConvolutionDirection
{
    Forward,
    InputGradient,
    FilterGradient,
}

/// <summary>An algorithm that may be taken for one direction of one shape.</summary>
/// <param name="Number">cuDNN's number in that direction.</param>
/// <param name="Deterministic">Gives the same bits in every run.</param>
internal sealed record ConvolutionAlgorithm(string Name, int Number, nuint WorkspaceBytes, bool Deterministic);
