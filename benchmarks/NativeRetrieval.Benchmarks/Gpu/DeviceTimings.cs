using System.Text.Json;
using System.Text.Json.Serialization;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>All figures of one program on one device: the JSON document that both sides write.</summary>
/// <param name="Program">Whose figures these are, e.g. <c>PyTorch 2.11 compiled</c>.</param>
internal sealed record DeviceTimings(int SchemaVersion, string Program, string Device, IReadOnlyList<DeviceTiming> Rows)
{
    static readonly JsonSerializerOptions s_format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        IgnoreReadOnlyProperties = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    public static DeviceTimings Read(string path) =>
        JsonSerializer.Deserialize<DeviceTimings>(File.ReadAllText(path), s_format) ?? throw new JsonException($"{path} is empty");

    /// <summary>Replaces the file, so that who is killed while timing leaves what was timed.</summary>
    public void Write(string path)
    {
        string fresh = path + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(this, s_format));
        File.Move(fresh, path, overwrite: true);
    }
}
