using System.Text.Json;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>What <c>torch_gpu.py parity</c> writes.</summary>
internal sealed record PeerDocument(int SchemaVersion, string Torch, string Device, PeerSizes Sizes, IReadOnlyList<PeerCase> Cases, PeerTraining? TrainingSmall)
{
    static readonly JsonSerializerOptions s_format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static PeerDocument Read(string path) =>
        JsonSerializer.Deserialize<PeerDocument>(File.ReadAllText(path), s_format) ?? throw new JsonException($"{path} is empty");
}
