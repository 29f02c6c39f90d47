namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Whether a stream records a graph.</summary>
[NativeName("CUstreamCaptureStatus")]
internal enum CaptureStatus
{
    [NativeName("CU_STREAM_CAPTURE_STATUS_NONE")] None = 0,
    [NativeName("CU_STREAM_CAPTURE_STATUS_ACTIVE")] Active = 1,
    [NativeName("CU_STREAM_CAPTURE_STATUS_INVALIDATED")] Invalidated = 2,
}
