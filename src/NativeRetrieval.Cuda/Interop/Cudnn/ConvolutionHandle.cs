using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Padding, stride and compute type of a convolution.</summary>
[NativeName("cudnnConvolutionDescriptor_t")]
internal sealed class ConvolutionHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cudnnDestroyConvolutionDescriptor(handle) == CudnnStatus.Success;
}
