using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.NAudio;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Sounds;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>The sounds of the indexes: their bytes with ranges, stretches as WAV, and what the eye sees of them.</summary>
internal sealed class AudioEndpoints(ServerOptions options, ServedLibrary library, SoundDesk desk)
{
    const string Start = "start_seconds", End = "end_seconds", Wav = "audio/wav";
    const int MostColumns = 8192;

    /// <summary>Types of the files' usual extensions; browsers play the kinds that they know.</summary>
    static readonly Dictionary<string, string> _types = new(StringComparer.OrdinalIgnoreCase)
    {
        [".wav"] = Wav, [".wave"] = Wav, [".bwf"] = Wav, [".mp3"] = "audio/mpeg", [".ogg"] = "audio/ogg", [".oga"] = "audio/ogg",
        [".opus"] = "audio/ogg", [".flac"] = "audio/flac", [".m4a"] = "audio/mp4", [".m4b"] = "audio/mp4", [".mp4"] = "audio/mp4",
        [".aac"] = "audio/aac", [".webm"] = "audio/webm", [".weba"] = "audio/webm", [".aiff"] = "audio/aiff", [".aif"] = "audio/aiff",
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Get("/audio/{id}", AudioAsync,
            new("The bytes of an indexed file, or a stretch of it as WAV") { Query = ["as", Start, End], GivesBytes = "audio/wav" });
        routes.Get("/audio/{id}/peaks", PeaksAsync,
            new("The waveform of a stretch for the eye") { Query = ["points", Start, End], Gives = typeof(PeaksResponse) });
        routes.Get("/audio/{id}/spectrogram", SpectrogramAsync,
            new("The log-mel spectrogram of a stretch for the eye") { Query = ["width", Start, End], GivesBytes = "image/png" });
    }

    async Task AudioAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request, "as", Start, End);
        var (start, end) = (query.Number(Start), query.Number(End));
        var file = await FileAsync(context);
        switch (query.Text("as"))
        {
            case null when start is null && end is null:
                await SendAsync(context, file);
                break;
            case "wav":
                await SendWavAsync(context, file, file.Stretch(start, end));
                break;
            case null:
                throw Refusal.Unprocessable("start_seconds and end_seconds are for stretches, which are sent as WAV: ask with as=wav");
            case var other:
                throw Refusal.Unprocessable($"as is '{other}'; expected wav, or leave it out for the file's own bytes");
        }
    }

    static Task SendAsync(HttpContext context, ServedFile file)
    {
        var bytes = RegularFile.OpenRead(file.FullPath);
        if (bytes.Length != file.Entry.File.SizeBytes)
        {
            bytes.Dispose();
            throw new Refusal(StatusCodes.Status409Conflict, "the file was changed since it was indexed; bring the index up to date");
        }
        return SendAsync(context, TypedResults.Stream(bytes, _types.GetValueOrDefault(Path.GetExtension(file.FullPath),
            "application/octet-stream"), lastModified: file.Entry.File.ModifiedUtc, entityTag: Tag(file.ContentHash),
            enableRangeProcessing: true));
    }

    async Task SendWavAsync(HttpContext context, ServedFile file, (double Start, double End) stretch)
    {
        if (stretch.End - stretch.Start > options.Limits.WavSeconds)
            throw Refusal.Unprocessable(FormattableString.Invariant($"the stretch has {stretch.End - stretch.Start:F3} s; as WAV at most ")
                + FormattableString.Invariant($"{options.Limits.WavSeconds} s are sent: ask by start_seconds and end_seconds"));
        var wav = await desk.DoAsync(() =>
        {
            var bytes = new MemoryStream();
            AudioExcerpt.Write(file.FullPath, stretch.Start, stretch.End, bytes, context.RequestAborted);
            bytes.Position = 0;
            return bytes;
        }, context.RequestAborted);
        await SendAsync(context, TypedResults.Stream(wav, Wav, entityTag: Tag(Key(file, "wav", stretch)), enableRangeProcessing: true));
    }

    async Task PeaksAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request, "points", Start, End);
        int points = query.Whole("points", 800, 1, MostColumns);
        var file = await FileAsync(context);
        var (start, end) = file.Stretch(query.Number(Start), query.Number(End));
        string key = Key(file, $"peaks {points}", (start, end));
        byte[] json = await desk.MadeAsync(key, () =>
        {
            using var stream = AudioDecoder.Open(file.FullPath);
            var pieces = Peaks.Of(stream, file.FullPath, start, end, points, context.RequestAborted);
            return JsonSerializer.SerializeToUtf8Bytes(new PeaksResponse(pieces, start, end), ContractJson.Default.PeaksResponse);
        }, context.RequestAborted);
        await SendAsync(context, TypedResults.Bytes(json, "application/json; charset=utf-8", entityTag: Tag(key)));
    }

    async Task SpectrogramAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request, "width", Start, End);
        int width = query.Whole("width", 800, 1, MostColumns);
        var file = await FileAsync(context);
        var (start, end) = file.Stretch(query.Number(Start), query.Number(End));
        string key = Key(file, $"spectrogram {width}", (start, end));
        byte[] png = await desk.MadeAsync(key, () =>
        {
            var settings = library.Engine.Model.Config.LogMel;
            using var reader = MonoReader.Open(file.FullPath, settings.SampleRateHz);
            return Spectrogram.Png(reader, file.FullPath, settings, start, end, width, context.RequestAborted);
        }, context.RequestAborted);
        await SendAsync(context, TypedResults.Bytes(png, "image/png", entityTag: Tag(key)));
    }

    async Task<ServedFile> FileAsync(HttpContext context)
    {
        var file = await library.FileAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted);
        file.RequireUnchanged();
        return file;
    }

    /// <summary>Answers with bytes that their reader may keep, and asks again for only where their tag has changed.</summary>
    static Task SendAsync(HttpContext context, IResult result)
    {
        context.Response.Headers.CacheControl = "private, no-cache";
        return result.ExecuteAsync(context);
    }

    static string Key(ServedFile file, string kind, (double Start, double End) stretch) => string.Create(CultureInfo.InvariantCulture,
        $"{file.ContentHash} {kind} {stretch.Start:R} {stretch.End:R}");

    static EntityTagHeaderValue Tag(string key) => new($"\"{key.Replace(' ', '-')}\"");
}
