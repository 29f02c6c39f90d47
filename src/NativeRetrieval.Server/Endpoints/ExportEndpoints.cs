using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NativeRetrieval.Indexing;
using NativeRetrieval.NAudio;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Sounds;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>A selection of hits as a file: a table, a playlist, or the stretches themselves.</summary>
internal sealed class ExportEndpoints(ServerOptions options, ServedLibrary library, SoundDesk desk)
{
    /// <summary>Bytes of JSON that a hit of a selection may have, as a mean.</summary>
    const int HitBytes = 512;

    public void Map(IEndpointRouteBuilder routes) => routes.Post("/export", ExportAsync,
        new("A selection of hits as CSV, M3U, or a ZIP file of WAV stretches") { Takes = typeof(ExportRequest) });

    async Task ExportAsync(HttpContext context)
    {
        var request = await Body.ReadJsonAsync(context, ContractJson.Default.ExportRequest,
            Math.Max(options.Limits.JsonBytes, options.Limits.Hits * HitBytes));
        if (request.Hits.Count == 0 || request.Hits.Count > options.Limits.Hits)
            throw Refusal.Unprocessable(FormattableString.Invariant(
                $"the selection has {request.Hits.Count:N0} hits; expected 1 to {options.Limits.Hits:N0}"));
        var stretches = new List<Stretch>();
        foreach (var hit in request.Hits) stretches.Add(await StretchAsync(hit, context.RequestAborted));
        switch (request.Format)
        {
            case "csv":
                await SendTextAsync(context, "text/csv; charset=utf-8", "hits.csv", Csv(request.Hits, stretches));
                break;
            case "m3u":
                await SendTextAsync(context, "audio/x-mpegurl; charset=utf-8", "hits.m3u8", Playlist(stretches));
                break;
            case "zip":
                await SendZipAsync(context, stretches);
                break;
            default:
                throw Refusal.Unprocessable($"format is '{request.Format}'; expected csv, m3u or zip");
        }
    }

    async Task<Stretch> StretchAsync(ExportHit? hit, CancellationToken cancellation)
    {
        if (hit is null) throw Refusal.Unprocessable("a hit is null; expected an object with an id");
        var file = await library.FileAsync(hit.Id, cancellation);
        var (start, end) = file.Stretch(hit.StartSeconds, hit.EndSeconds);
        return new Stretch(file, start, end);
    }

    static string Csv(IReadOnlyList<ExportHit> hits, IReadOnlyList<Stretch> stretches) =>
        string.Concat(HitTable.Lines(hits.Zip(stretches, (hit, stretch) => new LibraryHit
        {
            Rank = hit.Rank ?? 0,
            Path = stretch.File.FullPath,
            StartSeconds = stretch.Start,
            EndSeconds = stretch.End,
            Score = hit.Score ?? float.NaN,
            RowId = 0,
            Percentile = hit.Percentile ?? double.NaN,
            SoundRank = hit.SoundRank,
            WordRank = hit.WordRank,
            MeaningRank = hit.MeaningRank,
            MatchedWords = hit.Words,
            Details = stretch.File.Details,
        })));

    static string Playlist(IReadOnlyList<Stretch> stretches)
    {
        var text = new StringBuilder("#EXTM3U\n");
        foreach (var (file, start, end) in stretches)
        {
            if (file.FullPath.AsSpan().ContainsAny("\r\n"))
                throw Refusal.Unprocessable("a file's path has a line break, which a playlist cannot hold; export it as csv or zip");
            text.Append(FormattableString.Invariant($"#EXTINF:{Math.Ceiling(end - start)},{Path.GetFileName(file.FullPath)}\n"))
                .Append(FormattableString.Invariant($"#EXTVLCOPT:start-time={start:0.###}\n#EXTVLCOPT:stop-time={end:0.###}\n"))
                .Append($"{file.FullPath}\n");
        }
        return text.ToString();
    }

    static Task SendTextAsync(HttpContext context, string type, string name, string text) =>
        TypedResults.Bytes(Encoding.UTF8.GetBytes(text), type, name).ExecuteAsync(context);

    async Task SendZipAsync(HttpContext context, IReadOnlyList<Stretch> stretches)
    {
        double seconds = stretches.Sum(stretch => stretch.End - stretch.Start);
        if (seconds > options.Limits.WavSeconds)
            throw Refusal.Unprocessable(FormattableString.Invariant(
                $"the selection has {seconds:F1} s of sound; a ZIP file holds at most {options.Limits.WavSeconds} s"));
        foreach (var stretch in stretches) stretch.File.RequireUnchanged();
        var zip = await desk.DoAsync(() =>
        {
            var bytes = new MemoryStream();
            using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
                foreach (var (place, (file, start, end)) in stretches.Index())
                {
                    // A WAV file's sizes are written when its length is known: an entry cannot seek.
                    var wav = new MemoryStream();
                    AudioExcerpt.Write(file.FullPath, start, end, wav, context.RequestAborted);
                    using var entry = archive.CreateEntry(Name(place, file, start), CompressionLevel.Fastest).Open();
                    wav.WriteTo(entry);
                }
            bytes.Position = 0;
            return bytes;
        }, context.RequestAborted);
        await TypedResults.Stream(zip, "application/zip", "hits.zip").ExecuteAsync(context);

        string Name(int place, ServedFile file, double start) => AudioExcerpt.FileName(place + 1, stretches.Count, file.FullPath, start);
    }

    sealed record Stretch(ServedFile File, double Start, double End);
}
