namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>What a library says about itself.</summary>
/// <param name="Own">Its own version, e.g. cuDNN 9.10.2.</param>
/// <param name="Cuda">The CUDA version it is for: a driver must know at least its major part.</param>
internal sealed record LibraryVersion(Version Own, Version Cuda);
