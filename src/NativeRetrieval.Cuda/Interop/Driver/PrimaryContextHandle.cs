using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>One retain of a device's primary context, which every CUDA library of the process shares.</summary>
[NativeName("CUcontext")]
internal sealed class PrimaryContextHandle(nint context, int device) : NativeHandle(context, owns: true)
{
    protected override bool ReleaseHandle() => cuDevicePrimaryCtxRelease_v2(device) == DriverResult.Success;
}
