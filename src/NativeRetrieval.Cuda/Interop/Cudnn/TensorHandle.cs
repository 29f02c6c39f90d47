using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>The description of a feature map: element type, layout and sizes, none of which may be 0.</summary>
[NativeName("cudnnTensorDescriptor_t")]
internal sealed class TensorHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>A tensor of sizes [n, c, h, w], which lie in memory in the order that the format says.</summary>
    public static TensorHandle Create(CudnnTensorFormat format, CudnnDataType type, int n, int c, int h, int w)
    {
        cudnnCreateTensorDescriptor(out nint value).ThrowIfFailed();
        var tensor = new TensorHandle(value);
        cudnnSetTensor4dDescriptor(tensor, format, type, n, c, h, w)
            .ThrowIfFailed($"cudnnSetTensor4dDescriptor({format}, {type}, [{n}, {c}, {h}, {w}])");
        return tensor;
    }

    protected override bool ReleaseHandle() => cudnnDestroyTensorDescriptor(handle) == CudnnStatus.Success;
}

/// <summary>The description of a convolution's filters: element type, layout and sizes.</summary>
[NativeName("cudnnFilterDescriptor_t")]
internal sealed class FilterHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>A set of k filters of sizes [c, h, w].</summary>
    public static FilterHandle Create(CudnnTensorFormat format, CudnnDataType type, int k, int c, int h, int w)
    {
        cudnnCreateFilterDescriptor(out nint value).ThrowIfFailed();
        var filter = new FilterHandle(value);
        cudnnSetFilter4dDescriptor(filter, type, format, k, c, h, w)
            .ThrowIfFailed($"cudnnSetFilter4dDescriptor({type}, {format}, [{k}, {c}, {h}, {w}])");
        return filter;
    }

    protected override bool ReleaseHandle() => cudnnDestroyFilterDescriptor(handle) == CudnnStatus.Success;
}

/// <summary>The order of a four-dimensional tensor in memory; NHWC is the fast one since Ampere.</summary>
[NativeName("cudnnTensorFormat_t")]
internal enum CudnnTensorFormat
{
    [NativeName("CUDNN_TENSOR_NCHW")] Nchw = 0,
    [NativeName("CUDNN_TENSOR_NHWC")] Nhwc = 1,
}

/// <summary>Element types. A bfloat16 convolution takes BFloat16 tensors and computes in Float.</summary>
[NativeName("cudnnDataType_t")]
internal enum CudnnDataType
{
    [NativeName("CUDNN_DATA_FLOAT")] Float = 0,
    [NativeName("CUDNN_DATA_DOUBLE")] Double = 1,
    [NativeName("CUDNN_DATA_HALF")] Half = 2,
    [NativeName("CUDNN_DATA_BFLOAT16")] BFloat16 = 9,
}
