using System.Text.Json;

namespace NativeRetrieval.Server.Contract;

/// <summary>Body of <c>POST /v1/embeddings</c>, in OpenAI's shape: a text, texts, or sounds as content parts.</summary>
internal sealed record EmbeddingsRequest
{
    public required JsonElement Input { get; init; }

    public string? Model { get; init; }

    public string EncodingFormat { get; set; } = "float";

    public int? Dimensions { get; init; }
}

/// <summary>Answer of <c>POST /v1/embeddings</c>.</summary>
internal sealed record EmbeddingsResponse(IReadOnlyList<EmbeddingResponse> Data, string Model, UsageResponse Usage)
{
    public string Object { get; init; } = "list";
}

/// <summary>The unit vector of an input: numbers, or base64 of little-endian float32.</summary>
internal sealed record EmbeddingResponse(int Index, JsonElement Embedding)
{
    public string Object { get; init; } = "embedding";
}

/// <summary>Tokens of the texts.</summary>
internal sealed record UsageResponse(int PromptTokens, int TotalTokens);

/// <summary>Answer of <c>GET /v1/models</c>.</summary>
internal sealed record ModelsResponse(IReadOnlyList<ModelResponse> Data)
{
    public string Object { get; init; } = "list";
}

/// <summary>The model of the service.</summary>
internal sealed record ModelResponse(string Id, int Dimensions)
{
    public string Object { get; init; } = "model";

    public string OwnedBy { get; init; } = "nativeretrieval";
}
