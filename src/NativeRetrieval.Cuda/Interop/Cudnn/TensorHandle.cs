using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Type, layout and sizes of a feature map; none of them may be 0.</summary>
[NativeName("cudnnTensorDescriptor_t")]
internal sealed class TensorHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>[n, c, h, w]; the format says which of them is next to which in memory.</summary>
    public static TensorHandle Create(CudnnTensorFormat format, CudnnDataType type, int n, int c, int h, int w)
    {
        cudnnCreateTensorDescriptor(out nint value).ThrowIfFailed();
        var tensor = new TensorHandle(value);
        cudnnSetTensor4dDescriptor(tensor, format, type, n, c, h, w).ThrowIfFailed($"cudnnSetTensor4dDescriptor({format}, {type}, [{n}, {c}, {h}, {w}])");
        return tensor;
    }

    protected override bool ReleaseHandle() => cudnnDestroyTensorDescriptor(handle) == CudnnStatus.Success;
}
