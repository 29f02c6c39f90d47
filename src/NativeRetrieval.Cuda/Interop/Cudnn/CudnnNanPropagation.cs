namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Whether NaN passes an activation.</summary>
[NativeName("cudnnNanPropagation_t")]
internal enum CudnnNanPropagation
{
    [NativeName("CUDNN_PROPAGATE_NAN")] Propagate = 1,
}
