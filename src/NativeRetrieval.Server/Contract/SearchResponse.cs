namespace NativeRetrieval.Server.Contract;

/// <summary>Answer of every search.</summary>
internal sealed record SearchResponse(IReadOnlyList<HitResponse> Hits)
{
    public int SchemaVersion { get; init; } = 1;

    public required double TookMs { get; init; }

    /// <summary>Number of hits without <c>top</c> and <c>skip</c>.</summary>
    public required long Total { get; init; }

    /// <summary>Sentences of which the model knows no word: their hits mean nothing.</summary>
    public IReadOnlyList<string> UnknownSentences { get; init; } = [];
}

/// <summary>A recording that answers a question, with its facts.</summary>
internal sealed record HitResponse
{
    public required int Rank { get; init; }

    public required string Id { get; init; }

    public required string Index { get; init; }

    public required string Name { get; init; }

    public required string Folder { get; init; }

    public required string Path { get; init; }

    public required double StartSeconds { get; init; }

    public required double EndSeconds { get; init; }

    public required float Score { get; init; }

    public required double? Percentile { get; init; }

    public required int? SoundRank { get; init; }

    public required int? WordRank { get; init; }

    public required int? MeaningRank { get; init; }

    public required IReadOnlyList<string> Words { get; init; }

    public required IReadOnlyList<StretchResponse> Stretches { get; init; }

    public required double DurationSeconds { get; init; }

    public required int? SampleRateHz { get; init; }

    public required int? Channels { get; init; }

    public required string? Title { get; init; }

    public required string? Category { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string? Description { get; init; }

    public required DateTime? Added { get; init; }
}

/// <summary>A stretch of a recording.</summary>
internal sealed record StretchResponse(double StartSeconds, double EndSeconds, float Score);
