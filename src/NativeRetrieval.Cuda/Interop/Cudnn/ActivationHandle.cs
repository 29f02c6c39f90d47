using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>The activation of a fused convolution.</summary>
[NativeName("cudnnActivationDescriptor_t")]
internal sealed class ActivationHandle(nint value) : NativeHandle(value, owns: true)
{
    public static ActivationHandle Create(CudnnActivationMode mode)
    {
        cudnnCreateActivationDescriptor(out nint value).ThrowIfFailed();
        var activation = new ActivationHandle(value);
        cudnnSetActivationDescriptor(activation, mode, CudnnNanPropagation.Propagate, coefficient: 0).ThrowIfFailed();
        return activation;
    }

    protected override bool ReleaseHandle() => cudnnDestroyActivationDescriptor(handle) == CudnnStatus.Success;
}
