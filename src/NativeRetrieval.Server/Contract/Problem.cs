namespace NativeRetrieval.Server.Contract;

/// <summary>Problem details (RFC 9457), the body of every answer that is no result.</summary>
internal sealed record Problem(string Title, int Status, string Detail)
{
    public string Type { get; init; } = "about:blank";
}

/// <summary>Answer of <c>GET /health</c>.</summary>
internal sealed record HealthResponse(string Status, int Indexes, string Version);
