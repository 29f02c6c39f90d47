using System.Globalization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>The way of a response's body to disk, no slower and no longer than allowed.</summary>
/// <param name="most">Bytes that the file may have in all.</param>
/// <param name="foreign">Makes the error for a beginning that belongs to something else.</param>
/// <param name="tooMuch">Makes the error for more than <paramref name="most"/> bytes.</param>
sealed class BodyCopy(TimeProvider time, DownloadOptions options, CatalogueFile file, PartFile part, long most,
    Func<string, Exception> foreign, Func<Exception> tooMuch)
{
    /// <summary>Bytes that are written to disk at once.</summary>
    const int ChunkBytes = 4 << 20;

    readonly byte[] _buffer = new byte[ChunkBytes];
    long _onDisk = part.Length;
    int _filled;

    /// <summary>Appends the body to the part; what arrived before a failure stays, unless it is of something else.</summary>
    /// <exception cref="IOException">The connection broke, is silent or too slow.</exception>
    public async Task RunAsync(Stream body, Action<long>? report, CancellationToken cancellation)
    {
        long since = time.GetTimestamp(), bytesSince = 0;
        try
        {
            while (true)
            {
                int read = await Patience.WaitAsync(time, options.Stall, token => body.ReadAsync(_buffer.AsMemory(_filled), token).AsTask(),
                    cancellation).ConfigureAwait(false);
                _filled += read;
                if (_onDisk == 0 && ForeignContent.InBytes(_buffer.AsSpan(0, _filled), whole: read == 0, file) is { } what)
                    throw Emptied(foreign(what));
                if (read == 0) break;
                if (_onDisk + _filled > most) throw Emptied(tooMuch());
                if (_filled == _buffer.Length) Flush();
                report?.Invoke(_onDisk + _filled);
                bytesSince += read;
                if (time.GetElapsedTime(since) is var elapsed && elapsed < options.RateWindow) continue;
                if (bytesSince < options.LeastBytesPerSecond * elapsed.TotalSeconds)
                    throw new IOException(string.Create(CultureInfo.InvariantCulture, $"only {bytesSince} bytes came in "
                        + $"{elapsed.TotalSeconds:F0} s, expected at least {options.LeastBytesPerSecond} a second"));
                (since, bytesSince) = (time.GetTimestamp(), 0);
            }
        }
        finally
        {
            Flush();
        }
    }

    void Flush()
    {
        part.Append(_buffer.AsSpan(0, _filled));
        _onDisk += _filled;
        _filled = 0;
    }

    Exception Emptied(Exception reason)
    {
        _filled = 0;
        part.Delete();
        return reason;
    }
}
