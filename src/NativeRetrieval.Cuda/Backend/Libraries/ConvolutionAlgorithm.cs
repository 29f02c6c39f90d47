using NativeRetrieval.Cuda.Interop.Cudnn;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>An algorithm that may be taken for one direction of one shape.</summary>
/// <param name="Name">Tells it from the others of its direction and shape, in the store as well.</param>
/// <param name="Number">cuDNN's number in that direction.</param>
/// <param name="Deterministic">Gives the same bits in every run.</param>
/// <param name="Math">The use of tensor cores.</param>
/// <param name="IsSplit">True for three TF32 products of split operands (<see cref="TripledConvolution"/>).</param>
internal sealed record ConvolutionAlgorithm(
    string Name, int Number, nuint WorkspaceBytes, bool Deterministic, CudnnMathType Math, bool IsSplit);
