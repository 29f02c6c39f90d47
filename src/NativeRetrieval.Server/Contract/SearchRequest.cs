using System.Text.Json.Serialization;

namespace NativeRetrieval.Server.Contract;

/// <summary>
/// Body of <c>POST /v1/search</c>. Members with a default can be set: generated code reads those with init as absent ones.
/// </summary>
internal sealed record SearchRequest
{
    public required IReadOnlyList<PartRequest> Parts { get; init; }

    public IReadOnlyList<string> Without { get; set; } = [];

    public string? Index { get; init; }

    public int Top { get; set; } = 10;

    public int Skip { get; set; }

    public string Group { get; set; } = "file";

    public double WordWeight { get; set; } = 1;

    public bool QueryBank { get; set; }

    public FilterRequest? Filter { get; init; }
}

/// <summary>A sentence, or a place in an indexed file as an example.</summary>
internal sealed record PartRequest
{
    public string? Text { get; init; }

    public string? Id { get; init; }

    public double? StartSeconds { get; init; }

    public double Weight { get; set; } = 1;
}

/// <summary>Conditions that hits meet; of a list one value is met.</summary>
internal sealed record FilterRequest
{
    [JsonConverter(typeof(OneOrMoreTexts))]
    public IReadOnlyList<string>? Folder { get; init; }

    [JsonConverter(typeof(OneOrMoreTexts))]
    public IReadOnlyList<string>? Name { get; init; }

    public double? MinSeconds { get; init; }

    public double? MaxSeconds { get; init; }

    [JsonConverter(typeof(OneOrMoreNumbers))]
    public IReadOnlyList<int>? SampleRateHz { get; init; }

    [JsonConverter(typeof(OneOrMoreNumbers))]
    public IReadOnlyList<int>? Channels { get; init; }

    [JsonConverter(typeof(OneOrMoreTexts))]
    public IReadOnlyList<string>? Category { get; init; }

    [JsonConverter(typeof(OneOrMoreTexts))]
    public IReadOnlyList<string>? Tag { get; init; }

    public string? AddedAfter { get; init; }

    public float? MinScore { get; init; }

    public string? Id { get; init; }
}
