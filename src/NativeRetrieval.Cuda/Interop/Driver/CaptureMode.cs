namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Which calls end a capture: of all threads, of this one, none.</summary>
[NativeName("CUstreamCaptureMode")]
internal enum CaptureMode
{
    [NativeName("CU_STREAM_CAPTURE_MODE_GLOBAL")] Global = 0,
    [NativeName("CU_STREAM_CAPTURE_MODE_THREAD_LOCAL")] ThreadLocal = 1,
    [NativeName("CU_STREAM_CAPTURE_MODE_RELAXED")] Relaxed = 2,
}
