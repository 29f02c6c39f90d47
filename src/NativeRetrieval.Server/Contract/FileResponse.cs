namespace NativeRetrieval.Server.Contract;

/// <summary>Answer of <c>GET /v1/files/{id}</c>.</summary>
internal sealed record FileResponse
{
    public required string Id { get; init; }

    public required string Index { get; init; }

    public required string Name { get; init; }

    public required string Folder { get; init; }

    public required string Path { get; init; }

    public required long SizeBytes { get; init; }

    public required DateTime Modified { get; init; }

    public required double DurationSeconds { get; init; }

    public required int? SampleRateHz { get; init; }

    public required int? Channels { get; init; }

    public required string? Title { get; init; }

    public required string? Category { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required string? Description { get; init; }

    public required DateTime? Added { get; init; }

    public required IReadOnlyList<WindowResponse> Windows { get; init; }
}

/// <summary>A stretch of a file that has a vector of its own.</summary>
internal sealed record WindowResponse(double StartSeconds, double EndSeconds);

/// <summary>Answer of <c>GET /v1/audio/{id}/peaks</c>: the least and the greatest sample of each piece of a stretch.</summary>
internal sealed record PeaksResponse(IReadOnlyList<float[]> Points, double StartSeconds, double EndSeconds);
