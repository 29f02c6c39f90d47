using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>A mark in a stream.</summary>
[NativeName("CUevent")]
internal sealed class EventHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuEventDestroy_v2(handle) == DriverResult.Success;
}

/// <summary>Abilities of an event.</summary>
[Flags]
[NativeName("CUevent_flags")]
internal enum EventFlags : uint
{
    [NativeName("CU_EVENT_DEFAULT")] Default = 0,
    [NativeName("CU_EVENT_BLOCKING_SYNC")] BlockingSync = 1,
    [NativeName("CU_EVENT_DISABLE_TIMING")] DisableTiming = 2,
}
