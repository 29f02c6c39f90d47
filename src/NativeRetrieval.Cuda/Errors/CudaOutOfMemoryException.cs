namespace NativeRetrieval.Cuda.Errors;

/// <summary>
/// The exhaustion of device memory, after everything idle was given back. It is recoverable: free tensors or use a smaller
/// batch, then go on.
/// </summary>
/// <param name="call">The call as the source has it.</param>
/// <param name="error">The library's name and number of the error.</param>
/// <param name="requestedBytes">The bytes asked for; null where a library asked on its own.</param>
/// <param name="freeBytes">The bytes that the device had left, for all processes together; null where it could not be asked.</param>
/// <param name="totalBytes">The bytes of device memory; null where it could not be asked.</param>
/// <param name="use">A clause for the message on what holds the memory; may be empty.</param>
public sealed class CudaOutOfMemoryException(string call, string error, long? requestedBytes, long? freeBytes, long? totalBytes,
    string use = "")
    : CudaException(call, error, "", Describe(call, requestedBytes, freeBytes, totalBytes, use))
{
    /// <summary>The bytes asked for; null where a library asked on its own.</summary>
    public long? RequestedBytes => requestedBytes;

    /// <summary>The bytes that the device had left, for all processes together; null where it could not be asked.</summary>
    public long? FreeBytes => freeBytes;

    /// <summary>The bytes of device memory; null where it could not be asked.</summary>
    public long? TotalBytes => totalBytes;

    static string Describe(string call, long? requested, long? free, long? total, string use)
    {
        string room = free is { } left && total is { } all ? $" ({Mebibytes(left)} of {Mebibytes(all)} are free)" : "";
        string wish = requested is { } bytes ? $"no {Mebibytes(bytes)} of memory left on the GPU" : "no memory left on the GPU";
        string holders = use.Length > 0 ? "; " + use : "";
        return $"{wish}{room}{holders}: use a smaller batch or shorter clips, or end other programs on the GPU; {call}";
    }

    static string Mebibytes(long bytes) => bytes < 1 << 20 ? $"{bytes} bytes" : $"{bytes >> 20} MiB";
}
