namespace NativeRetrieval.Server.Contract;

/// <summary>Body of <c>POST /v1/export</c>.</summary>
internal sealed record ExportRequest
{
    public required string Format { get; init; }

    public required IReadOnlyList<ExportHit> Hits { get; init; }
}

/// <summary>A stretch of a file, or all of it; for a table with what a search said of it.</summary>
internal sealed record ExportHit
{
    public required string Id { get; init; }

    public double? StartSeconds { get; init; }

    public double? EndSeconds { get; init; }

    public int? Rank { get; init; }

    public float? Score { get; init; }

    public double? Percentile { get; init; }

    public int? SoundRank { get; init; }

    public int? WordRank { get; init; }

    public int? MeaningRank { get; init; }

    public IReadOnlyList<string> Words { get; set; } = [];
}
