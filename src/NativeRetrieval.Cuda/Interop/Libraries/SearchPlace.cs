namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>Where libraries are looked for.</summary>
/// <param name="Origin">Who named it, e.g. <c>CUDA_HOME</c>.</param>
/// <param name="Folder">Absolute path; null where the system is asked by bare name.</param>
internal sealed record SearchPlace(string Origin, string? Folder);
