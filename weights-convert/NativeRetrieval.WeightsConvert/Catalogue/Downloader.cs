using System.Net;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// Fetches files over HTTP so that interruptions cost nothing: what has arrived is on disk, and the next attempt, in this process or a
/// later one, asks for the rest. A file gets its name only when its size and checksum are right.
/// </summary>
/// <param name="http">A client of <see cref="CreateClient"/>.</param>
/// <param name="time">Clock of waits and rates.</param>
public sealed class Downloader(HttpClient http, TimeProvider time, DownloadOptions? options = null)
{
    readonly DownloadOptions _options = options ?? new();

    /// <summary>Times that a file may change while it is fetched.</summary>
    const int MostChanges = 2;

    /// <summary>A client that does not decompress, and leaves redirections to the downloader.</summary>
    public static HttpClient CreateClient()
    {
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.None,
            AllowAutoRedirect = false,
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
    /// <exception cref="DownloadException">The server does not have it, sends something else, is too slow, or cannot be reached; a part
    /// that can be continued stays for the next attempt.</exception>
    /// <exception cref="CorruptFileException">It arrived whole and is another file than the catalogue's; nothing is left of it.</exception>
    /// <exception cref="FileWriteException">The disk refused, or has too little room.</exception>
    public async Task<FileDigest> FetchAsync(CatalogueFile file, Uri url, string target, Action<long>? report,
        CancellationToken cancellation)
    {
        var part = new PartFile(target);
        for (bool again = false; ; again = true)
        {
            bool doubtful = await ReceiveAsync(file, url, target, part, report, cancellation).ConfigureAwait(false);
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
                // The pieces may have been of different files, or the end cut off: the whole is asked for once more.
                if (again || !doubtful) throw;
            }
        }
    }

    /// <returns>True if the bytes may be of two files or cut, so that a wrong checksum is worth a second try.</returns>
    async Task<bool> ReceiveAsync(CatalogueFile file, Uri url, string target, PartFile part, Action<long>? report,
        CancellationToken cancellation)
    {
        bool doubtful = false;
        for (int failures = 0, changes = 0, requests = 1; ; requests++)
        {
            long before = part.Length, began = time.GetTimestamp();
            doubtful |= before > 0;
            TransferOutcome outcome;
            try
            {
                var transfer = new Transfer(http, time, _options, file, url, target, part);
                outcome = await transfer.RunAsync(report, cancellation).ConfigureAwait(false);
                if (outcome.Complete) return doubtful | outcome.EndUnproven;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                outcome = new(e);
            }
            string reason = PlainText.Short(outcome.Problem!.Message);
            if (outcome.Changed && ++changes > MostChanges)
                throw new DownloadException(url, $"what is published there changed {changes} times while it was fetched: {reason}",
                    outcome.Problem);
            bool progressed = part.Length - before > _options.LeastBytesPerSecond * time.GetElapsedTime(began).TotalSeconds;
            failures = progressed ? 1 : failures + 1;
            if (failures >= _options.Attempts || requests >= _options.Requests)
            {
                string kept = part.Length > 0
                    ? $"; {part.Length} bytes are kept and the same command goes on from there"
                    : "; without a network, give the file with --from";
                int attempts = failures >= _options.Attempts ? failures : requests;
                throw new DownloadException(url, $"could not be fetched after {attempts} attempts: {reason}{kept}", outcome.Problem);
            }
            var wait = outcome.RetryAfter ?? _options.FirstWait * Math.Pow(2, failures - 1);
            await Task.Delay(wait < _options.LongestWait ? wait : _options.LongestWait, time, cancellation).ConfigureAwait(false);
        }
    }
}
