using System.Text.Json;

namespace NativeRetrieval.PeerProtocol;

/// <summary>One line to a peer: it opens a workload, or runs the open one once.</summary>
/// <param name="Open">The workload; null: run.</param>
/// <param name="Inputs">Inputs of this run and of those that follow; null: those from before.</param>
/// <param name="Output">A file for the values of the run, float32; null: they are not asked for.</param>
public sealed record PeerRequest(string? Open = null, int Threads = 1, PeerTensor[]? Inputs = null, string? Output = null)
{
    public string ToLine() => JsonSerializer.Serialize(this);

    public static PeerRequest Parse(string line) =>
        JsonSerializer.Deserialize<PeerRequest>(line) ?? throw new FormatException($"'{line}' is no request");
}

/// <summary>One line back.</summary>
/// <param name="Milliseconds">The time of the run alone, or of the opening, by the peer's clock.</param>
/// <param name="PeakMiB">Most resident memory of the peer's process until now.</param>
/// <param name="Error">Why there is no result; null: there is one.</param>
/// <param name="Name">The peer with its version, in its first line.</param>
public sealed record PeerAnswer(double Milliseconds, double PeakMiB, string? Error = null, string? Name = null)
{
    public string ToLine() => JsonSerializer.Serialize(this);

    public static PeerAnswer Parse(string line) =>
        JsonSerializer.Deserialize<PeerAnswer>(line) ?? throw new FormatException($"'{line}' is no answer");
}
