using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Queue;
using NativeRetrieval.Server.Uploads;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>Search by sentences, by indexed sounds and by uploaded ones.</summary>
internal sealed class SearchEndpoints(ServerOptions options, ServedLibrary library, Questions questions, WorkQueue queue,
    UploadDecoder uploads)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Post("/search", SearchAsync,
            new("Sounds that sentences and examples describe") { Takes = typeof(SearchRequest), Gives = typeof(SearchResponse) });
        routes.Get("/search", ShortSearchAsync,
            new("Sounds that a sentence describes") { Query = ["q", .. Questions.Parameters], Gives = typeof(SearchResponse) });
        routes.Post("/search/audio", AudioSearchAsync, new("Sounds like one that is sent")
        {
            Query = ["q", "start_seconds", "id", .. Questions.Parameters],
            TakesBytes = "application/octet-stream",
            Gives = typeof(SearchResponse),
        });
        routes.Get("/similar", SimilarAsync, new("Sounds like an indexed one")
        {
            Query = ["id", "start_seconds", .. Questions.Parameters],
            Gives = typeof(SearchResponse),
        });
    }

    async Task SearchAsync(HttpContext context) => await AnswerAsync(context, await Body.ReadJsonAsync(context,
        ContractJson.Default.SearchRequest, options.Limits.JsonBytes));

    Task ShortSearchAsync(HttpContext context)
    {
        var (request, query) = Questions.Of(context.Request, "q");
        return AnswerAsync(context, request with
        {
            Parts = query.Text("q") is { } text ? [new PartRequest { Text = text }]
                : throw Refusal.Unprocessable("the sentence, q, is absent"),
        });
    }

    Task SimilarAsync(HttpContext context)
    {
        var (request, query) = Questions.Of(context.Request, "id", "start_seconds");
        string id = query.Text("id") ?? throw Refusal.Unprocessable("the file, id, is absent");
        return AnswerAsync(context, request with { Parts = [new PartRequest { Id = id, StartSeconds = query.Number("start_seconds") }] });
    }

    async Task AudioSearchAsync(HttpContext context)
    {
        var (request, query) = Questions.Of(context.Request, "q", "start_seconds", "id");
        double start = query.Number("start_seconds") ?? 0;
        if (start < 0) throw Refusal.Unprocessable(FormattableString.Invariant($"start_seconds is {start}; expected 0 or more"));
        string media = context.Request.ContentType ?? "";
        if (media.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
            throw new Refusal(StatusCodes.Status415UnsupportedMediaType, "the request is a form; send the bytes of the sound as its body");
        if (query.Text("q") is { } text) request = request with { Parts = [new PartRequest { Text = text }] };
        if (query.Text("id") is { } file) request = request with { Filter = request.Filter! with { Id = file } };
        double window = library.Named(request.Index).Use(opened => opened.Index.Settings.WindowSeconds);
        float[] samples = await uploads.DecodeAsync(async () => await Body.ReadAsync(context, options.Limits.UploadBytes), start, window,
            context.RequestAborted);
        float[] vector = await queue.DoAsync(new SoundWork(samples, window, context.RequestAborted));
        await AnswerAsync(context, request, QueryPart.Vector(vector, label: "the sound"));
    }

    async Task AnswerAsync(HttpContext context, SearchRequest request, params QueryPart[] examples)
    {
        long start = Stopwatch.GetTimestamp();
        var index = library.Named(request.Index);
        var query = await questions.QueryAsync(request, examples, context.RequestAborted);
        var found = await queue.DoAsync(new SearchWork(index, query, context.RequestAborted));
        await Body.WriteJsonAsync(context, new SearchResponse([.. found.Answer.Hits.Select(hit => Of(hit, index.Name, found.Files))])
        {
            TookMs = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3),
            Total = found.Answer.Hits.Total,
            UnknownSentences = found.Answer.UnknownSentences,
        }, ContractJson.Default.SearchResponse);
    }

    static HitResponse Of(LibraryHit hit, string index, FileTable files) => new()
    {
        Rank = hit.Rank,
        Id = files.IdOf(hit.Path),
        Index = index,
        Name = Path.GetFileName(hit.Path),
        Folder = Path.GetDirectoryName(hit.Path) ?? "",
        Path = hit.Path,
        StartSeconds = hit.StartSeconds,
        EndSeconds = hit.EndSeconds,
        Score = hit.Score,
        Percentile = double.IsNaN(hit.Percentile) ? null : hit.Percentile,
        SoundRank = hit.SoundRank,
        WordRank = hit.WordRank,
        MeaningRank = hit.MeaningRank,
        Words = hit.MatchedWords,
        Stretches = [.. hit.Stretches.Select(stretch => new StretchResponse(stretch.StartSeconds, stretch.EndSeconds, stretch.Score))],
        DurationSeconds = hit.Details.DurationSeconds,
        SampleRateHz = hit.Details.SampleRateHz,
        Channels = hit.Details.Channels,
        Title = hit.Details.Title,
        Category = hit.Details.Category,
        Tags = hit.Details.Tags,
        Description = hit.Details.Description,
        Added = hit.Details.AddedUtc,
    };
}
