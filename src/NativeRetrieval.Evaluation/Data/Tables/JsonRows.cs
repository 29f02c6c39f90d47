using System.Text;
using System.Text.Json;

namespace NativeRetrieval.Evaluation.Data.Tables;

/// <summary>
/// Rows of JSON, each an object: JSON Lines, one list of objects, or objects whose field <c>data</c> is such a list, as WavCaps has
/// them. Only the row at hand is in memory.
/// </summary>
internal sealed class JsonRows(string path, TableText text) : ITableRows
{
    /// <summary>Most bytes of a row.</summary>
    const int LongestRow = 4 << 20;

    const int ColumnsKept = 256;

    readonly Queue<TableRow> _rows = [];
    readonly Dictionary<string, TableColumn> _columns = new(StringComparer.Ordinal);
    readonly List<TableField> _fields = [];
    byte[] _buffer = new byte[1 << 16];
    int _count;
    bool _ended, _inList, _inObject, _hasData;
    int _objectLine;
    LineCounter _lines = new();
    JsonReaderState _state = new(new JsonReaderOptions { AllowMultipleValues = true });

    /// <inheritdoc/>
    public string Syntax => "JSON";

    /// <inheritdoc/>
    public IReadOnlyList<TableColumn>? Header => null;

    /// <inheritdoc/>
    public TableRow? Next()
    {
        while (_rows.Count == 0 && !_ended)
        {
            if (_count == _buffer.Length)
            {
                if (_count >= LongestRow) throw new CaptionFileException(path, _lines.Line, $"an object is longer than {LongestRow} bytes");
                Array.Resize(ref _buffer, 2 * _buffer.Length);
            }
            int read = text.Read(_buffer, _count, _buffer.Length - _count);
            (_count, _ended) = (_count + read, read == 0);
            try
            {
                Parse();
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                int line = (int?)(error as JsonException)?.LineNumber + 1 ?? _lines.Line;
                throw new CaptionFileException(path, line, $"malformed JSON: {error.Message.Split(" LineNumber:")[0]}", error);
            }
        }
        return _rows.Count > 0 ? _rows.Dequeue() : null;
    }

    /// <inheritdoc/>
    public void Dispose() => text.Dispose();

    /// <summary>Queues the rows that the buffer holds in full and keeps the rest.</summary>
    void Parse()
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(0, _count), _ended, _state);
        var before = reader;
        int counted = 0;
        while (Step(ref reader, ref counted)) before = reader;
        int consumed = (int)before.BytesConsumed;
        _lines.Count(_buffer.AsSpan(counted, consumed - counted));
        _state = before.CurrentState;
        _buffer.AsSpan(consumed, _count - consumed).CopyTo(_buffer);
        _count -= consumed;
    }

    /// <summary>Goes past one row, one field or one bracket; false where the buffer ends before it does.</summary>
    bool Step(ref Utf8JsonReader reader, ref int counted)
    {
        if (!reader.Read()) return false;
        int start = (int)reader.TokenStartIndex;
        if (_inObject && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!reader.Read()) return false;
            if (name == "data" && reader.TokenType == JsonTokenType.StartArray) return _inList = _hasData = true;
            return Whole(reader) && Add(ref reader, name);
        }
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when !_inList:
                Advance(ref counted, start);
                (_inObject, _hasData, _objectLine) = (true, false, _lines.Line);
                _fields.Clear();
                return true;
            case JsonTokenType.EndObject:
                if (!_hasData) _rows.Enqueue(new TableRow(_objectLine, [.. _fields]));
                _inObject = false;
                return true;
            case JsonTokenType.StartArray when !_inList:
                return _inList = true;
            case JsonTokenType.EndArray:
                _inList = false;
                return true;
            case JsonTokenType.StartObject:
                if (!Whole(reader)) return false;
                Advance(ref counted, start);
                _fields.Clear();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string name = reader.GetString()!;
                    reader.Read();
                    Add(ref reader, name);
                }
                _rows.Enqueue(new TableRow(_lines.Line, [.. _fields]));
                return true;
            default:
                Advance(ref counted, start);
                throw new CaptionFileException(path, _lines.Line, $"expected an object with the fields of a clip, got {reader.TokenType}");
        }
    }

    static bool Whole(Utf8JsonReader reader) => reader.TrySkip();

    void Advance(ref int counted, int to)
    {
        _lines.Count(_buffer.AsSpan(counted, to - counted));
        counted = to;
    }

    bool Add(ref Utf8JsonReader reader, string name)
    {
        if (!_columns.TryGetValue(name, out var column))
        {
            column = new TableColumn(name);
            if (_columns.Count < ColumnsKept) _columns.Add(name, column);
        }
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            var values = new List<string>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                if (Scalar(ref reader) is { } value) values.Add(value);
            _fields.Add(new TableField(column, values, IsList: true));
        }
        else
        {
            _fields.Add(new TableField(column, Scalar(ref reader) is { } value ? [value] : []));
        }
        return true;
    }

    /// <summary>
    /// The text of a string, number or truth value; null for JSON's null, and for lists and objects, which are passed over.
    /// </summary>
    static string? Scalar(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String: return reader.GetString();
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                return Encoding.UTF8.GetString(reader.ValueSpan);
            default:
                reader.TrySkip();
                return null;
        }
    }
}
