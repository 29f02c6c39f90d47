namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>How a stream relates to the legacy default stream.</summary>
[Flags]
[NativeName("CUstream_flags")]
internal enum StreamFlags : uint
{
    [NativeName("CU_STREAM_DEFAULT")] Default = 0,
    [NativeName("CU_STREAM_NON_BLOCKING")] NonBlocking = 1,
}
