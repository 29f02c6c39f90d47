using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>A loaded kernel image; its functions die with it.</summary>
[NativeName("CUmodule")]
internal sealed class KernelModuleHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuModuleUnload(handle) == DriverResult.Success;
}
