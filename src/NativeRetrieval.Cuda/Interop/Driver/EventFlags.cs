namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>What an event can do.</summary>
[Flags]
[NativeName("CUevent_flags")]
internal enum EventFlags : uint
{
    [NativeName("CU_EVENT_DEFAULT")] Default = 0,
    [NativeName("CU_EVENT_BLOCKING_SYNC")] BlockingSync = 1,
    [NativeName("CU_EVENT_DISABLE_TIMING")] DisableTiming = 2,
}
