using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>One request for the missing part of a file.</summary>
sealed class Transfer(HttpClient http, TimeProvider time, TimeSpan stall, CatalogueFile file, Uri url, string target, PartFile part)
{
    /// <summary>Bytes that are written to disk at once.</summary>
    const int ChunkBytes = 4 << 20;

    public async Task<TransferOutcome> RunAsync(Action<long>? report, CancellationToken cancellation)
    {
        using var request = Request();
        using var response = await SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return AfterUnsatisfiableRange(response);
        if (Refusal(response) is { } refused) return refused;

        long? total = Total(response);
        if (file.SizeBytes is { } size && total is not null && total != size)
            throw new CorruptFileException(target, $"is not the file of the catalogue: bytes expected {size}, {url.Host} has {total}; it "
                + "was not fetched");
        bool continues = response.StatusCode == HttpStatusCode.PartialContent;
        if (continues && response.Content.Headers.ContentRange?.From != part.Length)
        {
            part.Delete();
            return new(new IOException($"the server sent the bytes from {response.Content.Headers.ContentRange?.From} on, not those that "
                + "were asked for"));
        }
        total ??= file.SizeBytes;
        CheckRoom(total, continues ? part.Length : 0);
        if (!continues) part.Restart(new PartState(url.AbsoluteUri, Validator(response)));
        await using var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await CopyAsync(body, total, report, cancellation).ConfigureAwait(false);
        return total is { } expected && part.Length < expected
            ? new(new IOException($"the connection ended after {part.Length} of {expected} bytes"))
            : default;
    }

    HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        long length = part.Length;
        if (length == 0) return request;
        // Without a validator only the checksum can tell whether both halves are of one file.
        if (part.ReadState() is { } state && state.Url == url.AbsoluteUri && (state.Validator is not null || file.HasChecksum))
        {
            request.Headers.Range = new RangeHeaderValue(length, null);
            if (state.Validator is not null) request.Headers.TryAddWithoutValidation("If-Range", state.Validator);
        }
        else
        {
            part.Delete();
        }
        return request;
    }

    async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(Stalled);
        }
    }

    string Stalled => string.Create(CultureInfo.InvariantCulture, $"nothing arrived for {stall.TotalSeconds} s");

    TransferOutcome AfterUnsatisfiableRange(HttpResponseMessage response)
    {
        // A process that was stopped between the last byte and the renaming finds everything there.
        if (response.Content.Headers.ContentRange?.Length == part.Length) return default;
        part.Delete();
        return new(new IOException("what is published now is shorter than what had been fetched"));
    }

    TransferOutcome? Refusal(HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        string says = $"the server says {status} {response.ReasonPhrase}".TrimEnd();
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
        {
            return response.Content.Headers.ContentType?.MediaType is "text/html" or "application/xhtml+xml" ? throw WebPage() : null;
        }
        if (status is 408 or 425 or 429 or >= 500)
        {
            var after = response.Headers.RetryAfter;
            return new(new IOException(says), after?.Delta ?? (after?.Date is { } date ? Max(date - time.GetUtcNow()) : null));
        }
        throw new DownloadException(url, status switch
        {
            404 or 410 =>
                $"{says}: the file is not there any more; get it elsewhere and give it with --from FILE, or name a mirror with --mirror "
                    + "URL",
            401 or 403 =>
                $"{says}: it cannot be had without permission from there; give a copy with --from FILE, or name a mirror with --mirror URL",
            _ => $"{says}, which is no file",
        });

        static TimeSpan Max(TimeSpan wait) => wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    DownloadException WebPage() =>
        new(url, "a web page came instead of the file; a login or notice of the network in between does that: open the address in a "
            + "browser, or give a copy with --from FILE");

    /// <summary>Length of the whole file; null where the response does not say it.</summary>
    static long? Total(HttpResponseMessage response) => response.StatusCode == HttpStatusCode.PartialContent
        ? response.Content.Headers.ContentRange?.Length
        : response.Content.Headers.ContentLength;

    static string? Validator(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.Tag
        : response.Content.Headers.LastModified?.ToString("r", CultureInfo.InvariantCulture);

    void CheckRoom(long? total, long present)
    {
        if (total is not { } bytes) return;
        long free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(target))!).AvailableFreeSpace;
        if (bytes - present > free)
            throw new FileWriteException(target, $"{bytes - present} bytes are still to come, its disk has {free} left");
    }

    async Task CopyAsync(Stream body, long? most, Action<long>? report, CancellationToken cancellation)
    {
        var buffer = new byte[ChunkBytes];
        int filled = 0;
        long onDisk = part.Length;
        try
        {
            while (true)
            {
                int read = await ReadAsync(body, buffer.AsMemory(filled), cancellation).ConfigureAwait(false);
                if (read == 0) break;
                filled += read;
                if (onDisk == 0 && LooksLikeWebPage(buffer.AsSpan(0, filled))) throw Emptied(WebPage(), ref filled);
                if (onDisk + filled > most)
                    throw Emptied(new CorruptFileException(target, $"is not the file of the catalogue: bytes expected {most}, more than "
                        + "that came; it was not kept"), ref filled);
                if (filled == buffer.Length) Flush();
                report?.Invoke(onDisk + filled);
            }
        }
        finally
        {
            Flush();
        }

        void Flush()
        {
            part.Append(buffer.AsSpan(0, filled));
            onDisk += filled;
            filled = 0;
        }
    }

    Exception Emptied(Exception reason, ref int filled)
    {
        filled = 0;
        part.Delete();
        return reason;
    }

    async Task<int> ReadAsync(Stream body, Memory<byte> destination, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            return await body.ReadAsync(destination, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(Stalled);
        }
    }

    static bool LooksLikeWebPage(ReadOnlySpan<byte> beginning)
    {
        beginning = beginning.TrimStart(" \t\r\n\uFEFF"u8);
        return StartsWith(beginning, "<!doctype html") || StartsWith(beginning, "<html");

        static bool StartsWith(ReadOnlySpan<byte> bytes, string text) =>
            bytes.Length >= text.Length && System.Text.Ascii.EqualsIgnoreCase(bytes[..text.Length], text);
    }
}

/// <summary>End of a request that did not fail for good.</summary>
/// <param name="Problem">Reason for another request; null: the file is complete.</param>
/// <param name="RetryAfter">Wait that the server asks for; null: none.</param>
readonly record struct TransferOutcome(Exception? Problem, TimeSpan? RetryAfter = null)
{
    public bool Complete => Problem is null;
}
