namespace NativeRetrieval.Server.Uploads;

/// <summary>Reads streams of unknown length into memory, up to a bound.</summary>
internal static class BoundedBody
{
    /// <summary>All bytes of a stream.</summary>
    /// <param name="most">Most bytes that it may have.</param>
    /// <exception cref="Refusal">It has more: 413.</exception>
    public static async Task<byte[]> ReadAsync(Stream source, long most, CancellationToken cancellation)
    {
        using var bytes = new MemoryStream();
        var block = new byte[1 << 16];
        for (int read; (read = await source.ReadAsync(block, cancellation).ConfigureAwait(false)) > 0;)
        {
            if (bytes.Length + read > most)
                throw Refusal.TooLarge(FormattableString.Invariant($"the request has more than {most:N0} bytes, the most it may have"));
            bytes.Write(block, 0, read);
        }
        return bytes.ToArray();
    }
}
