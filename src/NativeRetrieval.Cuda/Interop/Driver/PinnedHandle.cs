using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Page-locked host memory, which a copy engine reaches without the processor.</summary>
internal sealed unsafe class PinnedHandle(nint address, CudaContext context) : ContextBoundHandle(address, context, owns: true)
{
    protected override bool Destroy() => cuMemFreeHost((void*)handle) == DriverResult.Success;
}

/// <summary>Uses of page-locked memory. In cuda.h they are macros, not an enum.</summary>
[Flags]
[NativeName("CU_MEMHOSTALLOC_")]
internal enum HostMemoryFlags : uint
{
    [NativeName("CU_MEMHOSTALLOC_PORTABLE")] Portable = 1,
    [NativeName("CU_MEMHOSTALLOC_DEVICEMAP")] DeviceMap = 2,
    [NativeName("CU_MEMHOSTALLOC_WRITECOMBINED")] WriteCombined = 4,
}
