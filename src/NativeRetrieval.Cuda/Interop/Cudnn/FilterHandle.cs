using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Type, layout and sizes of a convolution's filters.</summary>
[NativeName("cudnnFilterDescriptor_t")]
internal sealed class FilterHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>k filters of [c, h, w].</summary>
    public static FilterHandle Create(CudnnTensorFormat format, CudnnDataType type, int k, int c, int h, int w)
    {
        cudnnCreateFilterDescriptor(out nint value).ThrowIfFailed();
        var filter = new FilterHandle(value);
        cudnnSetFilter4dDescriptor(filter, type, format, k, c, h, w).ThrowIfFailed($"cudnnSetFilter4dDescriptor({type}, {format}, [{k}, {c}, {h}, {w}])");
        return filter;
    }

    protected override bool ReleaseHandle() => cudnnDestroyFilterDescriptor(handle) == CudnnStatus.Success;
}
