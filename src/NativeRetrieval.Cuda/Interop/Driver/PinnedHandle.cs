using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Page-locked host memory, which a copy engine reaches without the processor.</summary>
internal sealed unsafe class PinnedHandle(nint address, CudaContext context) : ContextBoundHandle(address, context, owns: true)
{
    protected override bool Destroy() => cuMemFreeHost((void*)handle) == DriverResult.Success;
}
