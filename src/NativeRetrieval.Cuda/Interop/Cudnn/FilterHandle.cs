using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Type, layout and sizes of a convolution's filters.</summary>
[NativeName("cudnnFilterDescriptor_t")]
internal sealed class FilterHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cudnnDestroyFilterDescriptor(handle) == CudnnStatus.Success;
}
