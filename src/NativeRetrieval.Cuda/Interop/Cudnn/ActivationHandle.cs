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

/// <summary>The function that a fused convolution applies to its result.</summary>
[NativeName("cudnnActivationMode_t")]
internal enum CudnnActivationMode
{
    [NativeName("CUDNN_ACTIVATION_RELU")] Relu = 1,
    [NativeName("CUDNN_ACTIVATION_IDENTITY")] Identity = 5,
}

/// <summary>The treatment of NaN by an activation.</summary>
[NativeName("cudnnNanPropagation_t")]
internal enum CudnnNanPropagation
{
    [NativeName("CUDNN_PROPAGATE_NAN")] Propagate = 1,
}
