using System.Globalization;
using Microsoft.AspNetCore.Http;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>Requests for a search as questions to a library.</summary>
internal sealed class Questions(ServerOptions options, ServedLibrary library)
{
    const double GreatestWeight = 1000;

    readonly ServerLimits _limits = options.Limits;

    /// <summary>Names of the parameters that every search with a query string has.</summary>
    public static IReadOnlyList<string> Parameters { get; } = ["index", "top", "skip", "group", "word_weight", "query_bank",
        "without", "folder", "name", "min_seconds", "max_seconds", "sample_rate_hz", "channels", "category", "tag", "added_after",
        "min_score"];

    /// <summary>Those of which several values may be given.</summary>
    public static IReadOnlyList<string> Repeated { get; } = ["without", "folder", "name", "sample_rate_hz", "channels", "category", "tag"];

    /// <summary>The request that a query string is short for, without its parts.</summary>
    /// <param name="own">Names of the parameters that the endpoint has beside.</param>
    public static (SearchRequest Request, QueryReader Query) Of(HttpRequest request, params IEnumerable<string> own)
    {
        var query = new QueryReader(request, [.. own, .. Parameters], Repeated);
        return (new SearchRequest
        {
            Parts = [],
            Without = query.Texts("without"),
            Index = query.Text("index"),
            Top = query.Whole("top") ?? 10,
            Skip = query.Whole("skip") ?? 0,
            Group = query.Text("group") ?? "file",
            WordWeight = query.Number("word_weight") ?? 1,
            QueryBank = query.Flag("query_bank") ?? false,
            Filter = new FilterRequest
            {
                Folder = query.Texts("folder"),
                Name = query.Texts("name"),
                MinSeconds = query.Number("min_seconds"),
                MaxSeconds = query.Number("max_seconds"),
                SampleRateHz = query.Wholes("sample_rate_hz"),
                Channels = query.Wholes("channels"),
                Category = query.Texts("category"),
                Tag = query.Texts("tag"),
                AddedAfter = query.Text("added_after"),
                MinScore = (float?)query.Number("min_score"),
            },
        }, query);
    }

    /// <summary>The question of a request.</summary>
    /// <param name="examples">Parts that came otherwise than as text or id.</param>
    /// <exception cref="Refusal">Something in it is out of its range, or no index has a file that it names.</exception>
    public async Task<LibraryQuery> QueryAsync(SearchRequest request, IReadOnlyList<QueryPart> examples, CancellationToken cancellation)
    {
        int count = request.Parts.Count + examples.Count;
        if (count == 0 || count + request.Without.Count > _limits.Parts)
            throw Refusal.Unprocessable($"the question has {count} parts and {request.Without.Count} texts to leave out; "
                + $"expected at least one part, and {_limits.Parts} in all");
        foreach (string text in request.Without) Require(text);
        var parts = new List<QueryPart>(examples);
        foreach (var part in request.Parts) parts.Add(await PartAsync(part, cancellation).ConfigureAwait(false));
        if (!parts.Any(part => part.Weight > 0)) throw Refusal.Unprocessable("no part of the question has a weight above 0");
        return new LibraryQuery
        {
            Parts = parts,
            Without = request.Without,
            WordWeight = Within("word_weight", request.WordWeight, 0, GreatestWeight),
            Bank = request.QueryBank ? library.Bank ?? throw Refusal.Unprocessable("this service has no query bank; leave query_bank out, "
                + "or start the service with a bank of captions or questions (serve --query-bank FILE)") : null,
            Filter = await FilterAsync(request.Filter, cancellation).ConfigureAwait(false),
            Top = (int)Within("top", request.Top, 1, _limits.Hits),
            Skip = (int)Within("skip", request.Skip, 0, _limits.Hits),
            Grouping = request.Group switch
            {
                "file" => HitGrouping.BestWindowPerFile,
                "window" => HitGrouping.AllWindows,
                _ => throw Refusal.Unprocessable($"group is '{request.Group}'; expected file or window"),
            },
        };
    }

    async Task<QueryPart> PartAsync(PartRequest? part, CancellationToken cancellation)
    {
        if (part is null) throw Refusal.Unprocessable("a part is null; expected an object with a text or an id");
        Within("weight", part.Weight, -GreatestWeight, GreatestWeight);
        if (part.Weight == 0) throw Refusal.Unprocessable("a part has the weight 0; leave it out");
        if ((part.Text is null) == (part.Id is null)) throw Refusal.Unprocessable("a part has either a text or an id");
        if (part.Text is { } text)
        {
            if (part.StartSeconds is not null) throw Refusal.Unprocessable("start_seconds belongs to a part with an id");
            return QueryPart.Sentence(Require(text), part.Weight);
        }
        var file = await library.FileAsync(part.Id!, cancellation).ConfigureAwait(false);
        return QueryPart.Vector(file.WindowAt(part.StartSeconds ?? 0).Vector, part.Weight, file.FullPath);
    }

    async Task<SoundFilter> FilterAsync(FilterRequest? filter, CancellationToken cancellation)
    {
        if (filter is null) return SoundFilter.None;
        return new SoundFilter
        {
            Folders = Given(filter.Folder),
            Names = Given(filter.Name),
            MinSeconds = filter.MinSeconds,
            MaxSeconds = filter.MaxSeconds,
            SampleRatesHz = filter.SampleRateHz ?? [],
            Channels = filter.Channels ?? [],
            Categories = Given(filter.Category),
            Tags = Given(filter.Tag),
            AddedAfter = filter.AddedAfter is { Length: > 0 } text ? Time(text) : null,
            MinScore = filter.MinScore is { } score ? (float)Within("min_score", score, -1, 1) : null,
            FullPath = filter.Id is { } id ? (await library.FileAsync(id, cancellation).ConfigureAwait(false)).FullPath : null,
        };
    }

    static string[] Given(IReadOnlyList<string>? texts) => [.. (texts ?? []).Where(text => text.Length > 0)];

    static DateTime Time(string text) => DateTime.TryParse(text, CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
        : throw Refusal.Unprocessable($"added_after is '{text}'; expected a date such as 2026-01-31");

    /// <summary>A sentence that the model can be given.</summary>
    public string Require(string? text) =>
        string.IsNullOrWhiteSpace(text) ? throw Refusal.Unprocessable("a text is empty; describe a sound, such as \"a dog is barking\"")
        : text.Length > _limits.TextCharacters
            ? throw Refusal.Unprocessable($"a text has {text.Length:N0} characters; it may have {_limits.TextCharacters:N0}")
        : text;

    static double Within(string name, double value, double least, double most) => value >= least && value <= most ? value
        : throw Refusal.Unprocessable(FormattableString.Invariant($"{name} is {value}; expected {least:N0} to {most:N0}"));
}
