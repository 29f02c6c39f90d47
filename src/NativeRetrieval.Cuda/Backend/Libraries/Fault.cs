namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>Kinds of <see cref="DeviceFaults"/>; the numbers are those of kernels/common/fault.cuh.</summary>
internal enum Fault
{
    None,
    EmbeddingId,
    AttentionLength,
    MeanLength,
    LogMelLength,
}
