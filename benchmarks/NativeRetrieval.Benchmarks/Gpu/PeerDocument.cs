using System.Text.Json;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>The document that <c>torch_gpu.py parity</c> writes.</summary>
internal sealed record PeerDocument(int SchemaVersion, string Torch, string Device, PeerSizes Sizes,
    IReadOnlyList<PeerCase> Cases, PeerTraining? TrainingSmall)
{
    public static PeerDocument Read(string path) =>
        JsonSerializer.Deserialize<PeerDocument>(File.ReadAllText(path), DeviceTimings.Format)
            ?? throw new JsonException($"{path} is empty");
}
