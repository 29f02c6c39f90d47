using System.Buffers;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Logging;

/// <summary>
/// <c>metrics.jsonl</c>: one JSON object per line, <c>{"epoch":1,"step":12,"loss":3.4}</c>, durable when <see cref="Append"/> returns.
/// Numbers that JSON does not have (NaN, infinities) are written as null and read back as NaN.
/// </summary>
public sealed class MetricsLog
{
    const string EpochKey = "epoch", StepKey = "step";
    internal const int LargestBytes = 1 << 30;

    readonly string _path;

    MetricsLog(string path) => _path = path;

    /// <summary>
    /// Opens the log to go on after step <paramref name="step"/>: lines of later steps, and a last line that a crash cut off, are removed.
    /// Step 0 starts anew; an absent file is created by the first line.
    /// </summary>
    /// <exception cref="CorruptFileException">A line in the middle is not a log line.</exception>
    public static MetricsLog Resume(string path, long step)
    {
        if (File.Exists(path))
        {
            var kept = Parse(path).Where(parsed => parsed.Line.Step <= step && step > 0);
            DurableFile.Truncate(path, kept.Select(parsed => parsed.EndBytes).LastOrDefault());
        }
        return new MetricsLog(path);
    }

    /// <summary>All whole lines of a log; a last line that a crash cut off is left out.</summary>
    /// <exception cref="CorruptFileException">A line in the middle is not a log line.</exception>
    public static IReadOnlyList<MetricsLine> Read(string path) => [.. Parse(path).Select(parsed => parsed.Line)];

    /// <summary>Appends a line; it is durable when this returns.</summary>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public void Append(MetricsLine line)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber(EpochKey, line.Epoch);
            json.WriteNumber(StepKey, line.Step);
            foreach (var (name, value) in line.Values)
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteNull(name);
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        DurableFile.Append(_path, buffer.WrittenSpan);
    }

    static List<(MetricsLine Line, long EndBytes)> Parse(string path)
    {
        byte[] bytes = SmallFile.ReadBytes(path, LargestBytes);
        var lines = new List<(MetricsLine, long)>();
        int badLine = 0, number = 0;
        for (int start = 0; start < bytes.Length; number++)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) break;
            if (ParseLine(bytes.AsMemory(start, length)) is not { } line) badLine = badLine == 0 ? number + 1 : badLine;
            else if (badLine > 0)
                throw new CorruptFileException(path, $"line {badLine} is not a line of a metrics log, but lines after it are");
            else lines.Add((line, start + length + 1));
            start += length + 1;
        }
        return lines;
    }

    static MetricsLine? ParseLine(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var values = new List<KeyValuePair<string, double>>();
            int? epoch = null;
            long? step = null;
            foreach (var field in json.RootElement.EnumerateObject())
                if (field.NameEquals(EpochKey)) epoch = field.Value.GetInt32();
                else if (field.NameEquals(StepKey)) step = field.Value.GetInt64();
                else values.Add(new(field.Name, field.Value.ValueKind == JsonValueKind.Null ? double.NaN : field.Value.GetDouble()));
            return epoch is null || step is null ? null : new MetricsLine(epoch.Value, step.Value, values);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
