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
