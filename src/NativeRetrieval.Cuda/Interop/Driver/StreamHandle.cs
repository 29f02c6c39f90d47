using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>A stream of this process, or one that a host lends. 0 is the legacy default stream and is lent too.</summary>
[NativeName("CUstream")]
internal sealed class StreamHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuStreamDestroy_v2(handle) == DriverResult.Success;
}

/// <summary>The relation of a stream to the legacy default stream.</summary>
[Flags]
[NativeName("CUstream_flags")]
internal enum StreamFlags : uint
{
    [NativeName("CU_STREAM_DEFAULT")] Default = 0,
    [NativeName("CU_STREAM_NON_BLOCKING")] NonBlocking = 1,
}

/// <summary>The threads whose unsafe calls end a capture: all, this one, none.</summary>
[NativeName("CUstreamCaptureMode")]
internal enum CaptureMode
{
    [NativeName("CU_STREAM_CAPTURE_MODE_GLOBAL")] Global = 0,
    [NativeName("CU_STREAM_CAPTURE_MODE_THREAD_LOCAL")] ThreadLocal = 1,
    [NativeName("CU_STREAM_CAPTURE_MODE_RELAXED")] Relaxed = 2,
}
