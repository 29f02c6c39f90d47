namespace NativeRetrieval.Cuda.Interop.Cudnn;

internal static class CudnnStatuses
{
    /// <summary>The thousand a status belongs to, e.g. <see cref="CudnnStatus.NotSupported"/> of 3003.</summary>
    public static CudnnStatus Class(this CudnnStatus status) => (CudnnStatus)((int)status / 1000 * 1000);
}
