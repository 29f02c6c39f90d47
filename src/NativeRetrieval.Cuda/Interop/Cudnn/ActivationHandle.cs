using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>The activation of a fused convolution.</summary>
[NativeName("cudnnActivationDescriptor_t")]
internal sealed class ActivationHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cudnnDestroyActivationDescriptor(handle) == CudnnStatus.Success;
}
