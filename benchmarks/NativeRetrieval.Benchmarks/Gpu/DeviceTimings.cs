using System.Text.Json;
using System.Text.Json.Serialization;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>All figures of one program on one device: the JSON document that both sides write.</summary>
/// <param name="Program">The program that the figures are of, e.g. <c>PyTorch 2.11 compiled</c>.</param>
internal sealed record DeviceTimings(int SchemaVersion, string Program, string Device, IReadOnlyList<DeviceTiming> Rows)
{
    /// <summary>The JSON that both sides read and write: names in snake case, no nulls, indented.</summary>
    public static JsonSerializerOptions Format { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        IgnoreReadOnlyProperties = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    public static DeviceTimings Read(string path) =>
        JsonSerializer.Deserialize<DeviceTimings>(File.ReadAllText(path), Format) ?? throw new JsonException($"{path} is empty");

    /// <summary>Replaces the file, so that who is killed while timing leaves what was timed.</summary>
    public void Write(string path)
    {
        string fresh = path + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(this, Format));
        File.Move(fresh, path, overwrite: true);
    }
}

/// <summary>A figure of one program.</summary>
/// <param name="Precision"><c>fp32</c>, <c>tf32</c> or <c>bf16</c>: what matrix products and convolutions compute in.</param>
/// <param name="Milliseconds">Median; null where the workload failed.</param>
/// <param name="PeakBytes">The most bytes in use during a run after the first ones: tensors, libraries' workspaces, recorded work.</param>
/// <param name="TakenBytes">The most bytes that were taken from the driver since the weights were made: the first runs, too.</param>
/// <param name="Note">The reason of a failure, or a remark.</param>
internal sealed record DeviceTiming(string Workload, string Shape, string Precision, double? Milliseconds,
    double Gigaflop = 0, double Gigabytes = 0, string? Note = null, long? PeakBytes = null,
    long? TakenBytes = null)
{
    public double? GigaflopPerSecond => Gigaflop > 0 && Milliseconds is { } ms ? Gigaflop / ms * 1e3 : null;

    public double? GigabytesPerSecond => Gigabytes > 0 && Milliseconds is { } ms ? Gigabytes / ms * 1e3 : null;
}
