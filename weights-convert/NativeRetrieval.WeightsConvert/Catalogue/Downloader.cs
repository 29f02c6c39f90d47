using System.Net;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// Fetches files over HTTP so that interruptions cost nothing: what has arrived is on disk, and the next attempt, in this process or a
/// later one, asks for the rest. A file gets its name only when its size and checksum are right.
/// </summary>
/// <param name="time">Clock of the waits between attempts.</param>
public sealed class Downloader(HttpClient http, TimeProvider time, DownloadOptions? options = null)
{
    readonly DownloadOptions _options = options ?? new();

    /// <summary>A client that follows redirects and does not decompress.</summary>
    public static HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.None,
            MaxAutomaticRedirections = 10,
            ConnectTimeout = TimeSpan.FromSeconds(30),
        };
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"nativeretrieval/{typeof(Downloader).Assembly.GetName().Version?.ToString(3)}");
        return client;
    }

    /// <summary>Fetches one file to <paramref name="target"/>, whose folder exists.</summary>
    /// <param name="url">The file's own address or a mirror's.</param>
    /// <param name="report">Receives the number of bytes on disk each time there are more.</param>
    /// <returns>Size and checksums of the file.</returns>
    /// <exception cref="DownloadException">The server does not have it, sends something else, or cannot be reached; the part that arrived
    /// stays for the next attempt.</exception>
    /// <exception cref="CorruptFileException">It arrived whole and is another file than the catalogue's; nothing is left of it.</exception>
    /// <exception cref="FileWriteException">The disk refused, or has too little room.</exception>
    public async Task<FileDigest> FetchAsync(CatalogueFile file, Uri url, string target, Action<long>? report,
        CancellationToken cancellation)
    {
        var part = new PartFile(target);
        for (bool again = false; ; again = true)
        {
            bool pieced = await ReceiveAsync(file, url, target, part, report, cancellation).ConfigureAwait(false);
            var digest = FileDigest.Of(part.Path, cancellation);
            try
            {
                file.Check(target, digest);
                part.Complete();
                return digest;
            }
            catch (CorruptFileException)
            {
                part.Delete();
                // The pieces may have been of different files: the whole is asked for once more.
                if (again || !pieced) throw;
            }
        }
    }

    /// <returns>True if the file came in more than one piece.</returns>
    async Task<bool> ReceiveAsync(CatalogueFile file, Uri url, string target, PartFile part, Action<long>? report,
        CancellationToken cancellation)
    {
        bool pieced = false;
        for (int failures = 0; ;)
        {
            long before = part.Length;
            pieced |= before > 0;
            Exception reason;
            TimeSpan? asked = null;
            try
            {
                var transfer = new Transfer(http, time, _options.Stall, file, url, target, part);
                var outcome = await transfer.RunAsync(report, cancellation).ConfigureAwait(false);
                if (outcome.Complete) return pieced;
                (reason, asked) = (outcome.Problem!, outcome.RetryAfter);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                reason = e;
            }
            failures = part.Length > before ? 1 : failures + 1;
            if (failures >= _options.Attempts)
            {
                string kept = part.Length > 0
                    ? $"; {part.Length} bytes are kept and the same command goes on from there"
                    : "; without a network, give the file with --from";
                throw new DownloadException(url, $"could not be fetched after {failures} attempts: {reason.Message}{kept}", reason);
            }
            var wait = asked ?? _options.FirstWait * Math.Pow(2, failures - 1);
            await Task.Delay(wait < _options.LongestWait ? wait : _options.LongestWait, time, cancellation).ConfigureAwait(false);
        }
    }
}
