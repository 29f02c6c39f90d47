namespace NativeRetrieval.Server.Contract;

/// <summary>Answer of <c>GET /v1/indexes</c>.</summary>
/// <param name="CanUpdate">True where the service has folders of sounds that <c>POST /v1/index</c> brings an index up to date with.</param>
/// <param name="QueryBankSentences">Sentences of the query bank that a search may ask for; 0: there is none.</param>
internal sealed record IndexesResponse(IReadOnlyList<IndexResponse> Indexes, bool CanUpdate, int QueryBankSentences);

/// <summary>Size and contents of an index.</summary>
internal sealed record IndexResponse
{
    public required string Name { get; init; }

    public required long Files { get; init; }

    public required long Windows { get; init; }

    public required double Seconds { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyList<CategoryResponse> Categories { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required IReadOnlyList<string> Folders { get; init; }
}

/// <summary>A category and the number of files in it.</summary>
internal sealed record CategoryResponse(string Name, int Files);
