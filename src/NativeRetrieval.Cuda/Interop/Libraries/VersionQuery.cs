namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>How a library is asked for its version; each spells it its own way.</summary>
internal enum VersionQuery
{
    /// <summary>cuDriverGetVersion(int*): 12040 is CUDA 12.4.</summary>
    DriverVersion,

    /// <summary>nvrtcVersion(int*, int*): 12 and 4.</summary>
    NvrtcVersion,

    /// <summary>size_t cublasLtGetVersion() of the companion: 120804 is 12.8.4.</summary>
    CublasVersion,

    /// <summary>size_t cudnnGetVersion(): 91002 is 9.10.2; size_t cudnnGetCudartVersion(): 12080 is CUDA 12.8.</summary>
    CudnnVersion,
}
