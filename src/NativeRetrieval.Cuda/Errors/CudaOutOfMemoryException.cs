namespace NativeRetrieval.Cuda.Errors;

/// <summary>
/// The device has no memory left, although everything idle was given back first. Recoverable: free tensors or use a smaller
/// batch, then go on.
/// </summary>
/// <param name="requestedBytes">What was asked for; null where a library asked on its own.</param>
/// <param name="freeBytes">What the device had left, for all processes together; null where it could not be asked.</param>
/// <param name="totalBytes">What the device has.</param>
public sealed class CudaOutOfMemoryException(string call, string error, long? requestedBytes, long? freeBytes, long? totalBytes, string use = "")
    : CudaException(call, error, "", Describe(call, requestedBytes, freeBytes, totalBytes, use))
{
    public long? RequestedBytes => requestedBytes;

    public long? FreeBytes => freeBytes;

    public long? TotalBytes => totalBytes;

    static string Describe(string call, long? requested, long? free, long? total, string use)
    {
        string room = free is { } left && total is { } all ? $" ({Mebibytes(left)} of {Mebibytes(all)} are free)" : "";
        string wish = requested is { } bytes ? $"no {Mebibytes(bytes)} of memory left on the GPU" : "no memory left on the GPU";
        return $"{wish}{room}{(use.Length > 0 ? "; " + use : "")}: use a smaller batch or shorter clips, or end other programs on the GPU; {call}";
    }

    static string Mebibytes(long bytes) => bytes < 1 << 20 ? $"{bytes} bytes" : $"{bytes >> 20} MiB";
}
