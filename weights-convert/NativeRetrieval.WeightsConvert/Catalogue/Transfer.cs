using System.Globalization;
using System.Net;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>One request for the missing part of a file, and the judgement of what comes.</summary>
sealed class Transfer(HttpClient http, TimeProvider time, DownloadOptions options, CatalogueFile file, Uri url, string target,
    PartFile part)
{
    public async Task<TransferOutcome> RunAsync(Action<long>? report, CancellationToken cancellation)
    {
        var state = Continued();
        using var response = await new Exchange(http, time, options, url)
            .SendAsync(part.Length, state?.Validator, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return AfterUnsatisfiableRange(response, state);
        if (Refusal(response) is { } refused) return refused;
        if (ForeignContent.InHeaders(response, file) is { } foreign) throw Foreign(foreign);

        long? told = Told(response);
        if (file.SizeBytes is { } size && told is not null && told != size)
            throw new CorruptFileException(target, $"is not the file of the catalogue: bytes expected {size}, {url.Host} has {told}; it "
                + "was not fetched");
        bool continues = response.StatusCode == HttpStatusCode.PartialContent;
        if (continues && Contradiction(response, state) is { } other) return Anew(other);
        long? total = told ?? file.SizeBytes ?? (continues ? state!.Total : null);
        if (continues && total is null) return Anew("the server sends a part and does not say how long the whole is");

        long most = Room(total, continues ? part.Length : 0);
        if (!continues) part.Restart(new PartState(url.AbsoluteUri, Validator(response), total));
        else if (state!.Total is null) part.Remember(state with { Total = total });
        if (continues && response.Content.Headers.ContentRange!.To is { } last) most = Math.Min(most, last + 1);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await new BodyCopy(time, options, file, part, most, Foreign, () => TooMuch(total, most))
            .RunAsync(body, report, cancellation).ConfigureAwait(false);
        return End(response, total);
    }

    /// <summary>The source of the bytes on disk if they can be continued; else they are deleted.</summary>
    PartState? Continued()
    {
        if (part.Length == 0) return null;
        // Without a validator only the checksum can tell whether both halves are of one file.
        if (part.ReadState() is { } state && state.Url == url.AbsoluteUri && (state.Validator is not null || file.HasChecksum)
            && !(part.Length > (file.SizeBytes ?? state.Total)))
            return state;
        part.Delete();
        return null;
    }

    TransferOutcome AfterUnsatisfiableRange(HttpResponseMessage response, PartState? state)
    {
        if (state is null) return new(new IOException("the server says 416 though the whole file was asked for"));
        long? told = response.Content.Headers.ContentRange?.Length, known = file.SizeBytes ?? state.Total;
        // A process that was stopped between the last byte and the renaming finds everything there.
        if (told == part.Length && (known == told || (known is null && file.HasChecksum))) return default;
        return Anew($"{part.Length} bytes are here of {known?.ToString(CultureInfo.InvariantCulture) ?? "a number that nobody said"}, what "
            + $"is published now has {told?.ToString(CultureInfo.InvariantCulture) ?? "another number of"} bytes");
    }

    /// <summary>The reason why a partial response does not go on with the bytes on disk; null: it does.</summary>
    string? Contradiction(HttpResponseMessage response, PartState? state)
    {
        var range = response.Content.Headers.ContentRange;
        if (state is null) return "the server sent a part though the whole file was asked for";
        if (range?.From != part.Length)
            return $"the server sent the bytes from {range?.From?.ToString(CultureInfo.InvariantCulture) ?? "somewhere"} on, not those "
                + "that were asked for";
        if (range.Length is { } total && state.Total is { } remembered && total != remembered)
            return $"the file had {remembered} bytes before and has {total} now";
        bool comparable = Validator(response) is { } validator && state.Validator is { } before
            && validator.StartsWith('"') == before.StartsWith('"');
        return comparable && Validator(response) != state.Validator ? "the file changed since its beginning was fetched" : null;
    }

    TransferOutcome? Refusal(HttpResponseMessage response)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent) return null;
        int status = (int)response.StatusCode;
        string says = $"the server says {status} {PlainText.Short(response.ReasonPhrase ?? "")}".TrimEnd();
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

    TransferOutcome End(HttpResponseMessage response, long? total)
    {
        if (part.Length == 0) return new(new IOException("the server sent an empty file"));
        if (total is { } expected)
            return part.Length < expected ? new(new IOException($"the connection ended after {part.Length} of {expected} bytes")) : default;
        // The last chunk, or the end of an HTTP/2 stream, says that nothing was cut off.
        if (response.Headers.TransferEncodingChunked == true || response.Version.Major >= 2) return default;
        if (file.HasChecksum) return new(null, EndUnproven: true);
        long came = part.Length;
        part.Delete();
        throw new DownloadException(url, $"the connection ended after {came} bytes, and neither the server nor the catalogue says how many "
            + "or with which checksum, so a cut file cannot be told from a whole one; give a copy with --from FILE, or name a mirror with "
            + "--mirror URL");
    }

    TransferOutcome Anew(string reason)
    {
        part.Delete();
        return new(new IOException(reason), Changed: true);
    }

    /// <summary>Length of the whole file; null where the response does not say it.</summary>
    static long? Told(HttpResponseMessage response) => response.StatusCode == HttpStatusCode.PartialContent
        ? response.Content.Headers.ContentRange?.Length
        : response.Content.Headers.ContentLength;

    static string? Validator(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.Tag
        : response.Content.Headers.LastModified?.ToString("r", CultureInfo.InvariantCulture);

    /// <summary>The most bytes that the file may have.</summary>
    /// <exception cref="FileWriteException">The disk has too little room for what is still to come.</exception>
    /// <exception cref="DownloadException">The server announces more than is taken without a size in the catalogue.</exception>
    long Room(long? total, long present)
    {
        long free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(target))!).AvailableFreeSpace;
        if (total - present > free)
            throw new FileWriteException(target, $"{total - present} bytes are still to come, its disk has {free} left");
        if (file.SizeBytes is null && total > options.LargestUnknown) throw TooMuch(total, options.LargestUnknown);
        return total ?? Math.Min(options.LargestUnknown, free + present);
    }

    Exception TooMuch(long? total, long most) => total == most
        ? new CorruptFileException(target, $"is not the file of the catalogue: bytes expected {most}, more than that came; it was not kept")
        : new DownloadException(url, $"more than {most} bytes came or were announced, the most that is taken here where the catalogue does "
            + "not say how long the file is; it was not kept");

    DownloadException Foreign(string what) =>
        new(url, $"{what}: open the address in a browser, give a copy with --from FILE, or name a mirror with --mirror URL");
}

/// <summary>End of a request that did not fail for good.</summary>
/// <param name="Problem">Reason for another request; null: the file is complete.</param>
/// <param name="RetryAfter">Wait that the server asks for; null: none.</param>
/// <param name="Changed">True if what was on disk is of no use, because the server has another file now.</param>
/// <param name="EndUnproven">True if only the checksum can tell a complete file from a cut one.</param>
readonly record struct TransferOutcome(Exception? Problem, TimeSpan? RetryAfter = null, bool Changed = false, bool EndUnproven = false)
{
    public bool Complete => Problem is null;
}
