using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>
/// Vectors on their way into a file: <c>.npy</c> with its rows listed beside it, <c>.jsonl</c>, <c>.safetensors</c>; or JSON lines on
/// standard output, each as soon as it is known. A file is written when all vectors are there, entirely or not at all.
/// </summary>
internal sealed class EmbeddingOutput
{
    const string Npy = ".npy", JsonLines = ".jsonl", Safetensors = ".safetensors", RowsEnding = ".rows.jsonl";
    const string VectorsName = "vectors", SecondsName = "seconds", RowsKey = "rows", ModelKey = "model_sha256",
        PrecisionKey = "text_precision";

    static readonly JsonWriterOptions _format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly string? _path;
    readonly string _kind;
    readonly Terminal _terminal;
    readonly List<Row> _rows = [];

    EmbeddingOutput(string? path, string kind, Terminal terminal) => (_path, _kind, _terminal) = (path, kind, terminal);

    /// <param name="path">File to write; null: standard output.</param>
    /// <exception cref="OptionException">The file's ending is none of the three.</exception>
    public static EmbeddingOutput Into(string? path, Terminal terminal)
    {
        string kind = path is null ? JsonLines : Path.GetExtension(path).ToLowerInvariant();
        return kind is Npy or JsonLines or Safetensors
            ? new(path, kind, terminal)
            : throw new OptionException($"--to {path}: the ending says how to write; expected {Npy}, {JsonLines} or {Safetensors}");
    }

    /// <summary>True until the first vector is added.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <param name="vector">Unit vector; it is kept.</param>
    public void AddText(string text, ReadOnlyMemory<float> vector) => Add(new Row(text, null, vector));

    public void AddSound(string path, AudioWindow window) =>
        Add(new Row(Path.GetFullPath(path), (window.StartSeconds, window.EndSeconds), window.Vector));

    /// <summary>Writes the file and says where it is.</summary>
    /// <exception cref="FileWriteException">The disk refused; older files of these names are untouched.</exception>
    public void Finish(RetrievalEngine engine)
    {
        if (_path is null) return;
        int width = engine.Model.Config.EmbeddingDimension;
        switch (_kind)
        {
            case JsonLines:
                WriteLines(_path, withVectors: true);
                break;
            case Npy:
                // The list first: a matrix beside the list of another one would be misread.
                WriteLines(Path.ChangeExtension(_path, null) + RowsEnding, withVectors: false);
                NpyWriter.Write(_path, Matrix(width), _rows.Count, width);
                break;
            default:
                WriteTensors(_path, width, engine);
                break;
        }
        _terminal.Message($"{_path}: {_rows.Count:N0} vectors of {width} values");
    }

    void Add(Row row)
    {
        IsEmpty = false;
        if (_path is not null)
        {
            _rows.Add(row);
            return;
        }
        _terminal.Document(Encoding.UTF8.GetString(Line(row, withVector: true).WrittenSpan));
        _terminal.Flush();
    }

    void WriteLines(string path, bool withVectors) => DurableFile.WriteAtomic(path, stream =>
    {
        foreach (var row in _rows)
        {
            stream.Write(Line(row, withVectors).WrittenSpan);
            stream.WriteByte((byte)'\n');
        }
    });

    void WriteTensors(string path, int width, RetrievalEngine engine)
    {
        var items = new List<SafetensorsItem> { SafetensorsItem.Float32(VectorsName, [_rows.Count, width], Matrix(width)) };
        if (_rows.Exists(row => row.Seconds is not null))
            items.Add(SafetensorsItem.Float64(SecondsName, [_rows.Count, 2],
                _rows.SelectMany(row => (double[])[row.Seconds!.Value.Start, row.Seconds.Value.End]).ToArray()));
        var metadata = new Dictionary<string, string>
        {
            [RowsKey] = JsonSerializer.Serialize(_rows.Select(row => row.Name), NamesJson.Default.IEnumerableString),
            [ModelKey] = engine.Fingerprint,
        };
        if (_rows.Exists(row => row.Seconds is null)) metadata[PrecisionKey] = TextPrecisionName.Of(engine.TextPrecision);
        SafetensorsWriter.Write(path, items, metadata);
    }

    float[] Matrix(int width)
    {
        var values = new float[checked(_rows.Count * width)];
        for (int i = 0; i < _rows.Count; i++) _rows[i].Vector.CopyTo(values.AsMemory(i * width));
        return values;
    }

    static ArrayBufferWriter<byte> Line(Row row, bool withVector)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, _format);
        json.WriteStartObject();
        json.WriteString(row.Seconds is null ? "text" : "path", row.Name);
        if (row.Seconds is var (start, end))
        {
            json.WriteNumber("start_seconds", Math.Round(start, 3));
            json.WriteNumber("end_seconds", Math.Round(end, 3));
        }
        if (withVector)
        {
            json.WriteStartArray("vector");
            foreach (float value in row.Vector.Span) json.WriteNumberValue(value);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.Flush();
        return buffer;
    }

    /// <param name="Name">Text, or full path of the sound.</param>
    /// <param name="Seconds">Start and end of the window; null for a text.</param>
    sealed record Row(string Name, (double Start, double End)? Seconds, ReadOnlyMemory<float> Vector);
}

/// <summary>JSON of a list of names.</summary>
[JsonSerializable(typeof(IEnumerable<string>))]
internal sealed partial class NamesJson : JsonSerializerContext;
