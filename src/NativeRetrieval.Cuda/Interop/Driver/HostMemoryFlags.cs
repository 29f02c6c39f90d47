namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>How page-locked memory is used. Macros in cuda.h, not an enum.</summary>
[Flags]
[NativeName("CU_MEMHOSTALLOC_")]
internal enum HostMemoryFlags : uint
{
    [NativeName("CU_MEMHOSTALLOC_PORTABLE")] Portable = 1,
    [NativeName("CU_MEMHOSTALLOC_DEVICEMAP")] DeviceMap = 2,
    [NativeName("CU_MEMHOSTALLOC_WRITECOMBINED")] WriteCombined = 4,
}
