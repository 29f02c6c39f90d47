namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Whether an algorithm gives the same bits in every run.</summary>
[NativeName("cudnnDeterminism_t")]
internal enum CudnnDeterminism
{
    [NativeName("CUDNN_NON_DETERMINISTIC")] NonDeterministic = 0,
    [NativeName("CUDNN_DETERMINISTIC")] Deterministic = 1,
}
