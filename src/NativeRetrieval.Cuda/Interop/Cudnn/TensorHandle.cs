using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Type, layout and sizes of a feature map; none of them may be 0.</summary>
[NativeName("cudnnTensorDescriptor_t")]
internal sealed class TensorHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cudnnDestroyTensorDescriptor(handle) == CudnnStatus.Success;
}
