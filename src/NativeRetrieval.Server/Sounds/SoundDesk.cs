using Microsoft.Extensions.Caching.Memory;

namespace NativeRetrieval.Server.Sounds;

/// <summary>
/// Work on the sounds of the indexes: a few files are read at once, more wait, still more are refused; what is made for the eye is kept in
/// bounded memory.
/// </summary>
internal sealed class SoundDesk(ServerOptions options) : IDisposable
{
    const int WaitingForEach = 64;
    const long CacheBytes = 64L << 20;

    readonly SemaphoreSlim _reading = new(options.Limits.Decoders);
    readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = CacheBytes });
    int _waiting;

    /// <summary>Does work on a sound in its turn.</summary>
    /// <exception cref="Refusal">Too much is waiting.</exception>
    public async Task<T> DoAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _waiting) > WaitingForEach * options.Limits.Decoders)
        {
            Interlocked.Decrement(ref _waiting);
            throw Refusal.Busy();
        }
        try
        {
            await _reading.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return await Task.Run(work, cancellation).ConfigureAwait(false);
            }
            finally
            {
                _reading.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Bytes that were made before, or are made now.</summary>
    /// <param name="key">Text that stands for the content and all settings.</param>
    public async Task<byte[]> MadeAsync(string key, Func<byte[]> make, CancellationToken cancellation)
    {
        if (_cache.TryGetValue(key, out byte[]? made)) return made!;
        byte[] bytes = await DoAsync(make, cancellation).ConfigureAwait(false);
        return _cache.Set(key, bytes, new MemoryCacheEntryOptions { Size = bytes.Length });
    }

    public void Dispose()
    {
        _reading.Dispose();
        _cache.Dispose();
    }
}
