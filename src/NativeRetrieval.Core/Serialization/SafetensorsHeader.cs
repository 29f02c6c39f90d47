using System.Text;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Reads and checks the JSON header of a safetensors file: every tensor lies inside the data, its shape and type give
/// exactly its bytes, and the tensors cover the data without gaps or overlaps. Input is untrusted.
/// </summary>
ref struct SafetensorsHeader
{
    public const int MaxHeaderBytes = 100_000_000;
    public const int MaxTensors = 100_000;
    const int MaxRank = 32;
    public const int LengthFieldBytes = 8;

    readonly string _path;
    readonly long _dataStart;
    readonly long _dataBytes;
    readonly List<SafetensorsEntry> _entries = [];
    readonly HashSet<string> _names = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    Utf8JsonReader _json;

    SafetensorsHeader(string path, ReadOnlySpan<byte> header, long fileBytes)
    {
        _path = path;
        _dataStart = LengthFieldBytes + header.Length;
        _dataBytes = fileBytes - _dataStart;
        _json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 8 });
    }

    /// <param name="header">The JSON text, padding included; it ends where the data starts.</param>
    /// <returns>Tensors in the order of their data, and the <c>__metadata__</c> map.</returns>
    public static (List<SafetensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(
        string path, ReadOnlySpan<byte> header, long fileBytes)
    {
        if (header.IsEmpty || header[0] != (byte)'{')
            throw new CorruptFileException(path, "not a safetensors file: the header at byte 8 does not start with '{'");
        var parser = new SafetensorsHeader(path, header, fileBytes);
        try
        {
            parser.ReadAll();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: text that is not UTF-8, or a value of another kind than the format has there.
            throw new CorruptFileException(
                path, $"the header is not valid JSON near byte {LengthFieldBytes + parser._json.BytesConsumed}: {error.Message}", error);
        }
        parser.CheckCoverage();
        return (parser._entries, parser._metadata);
    }

    void ReadAll()
    {
        _json.Read();
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string name = _json.GetString()!;
            if (!_names.Add(name)) throw Refuse(name, "it appears twice");
            if (name == "__metadata__") ReadMetadata();
            else if (_entries.Count >= MaxTensors) throw new CorruptFileException(_path, $"more than {MaxTensors} tensors");
            else _entries.Add(ReadEntry(name));
        }
        while (_json.Read()) { }
    }

    void ReadMetadata()
    {
        Expect("__metadata__", JsonTokenType.StartObject, "an object of strings");
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string key = _json.GetString()!;
            Expect("__metadata__", JsonTokenType.String, $"a string under '{Shorten(key)}'");
            if (!_metadata.TryAdd(key, _json.GetString()!)) throw Refuse("__metadata__", $"key '{Shorten(key)}' appears twice");
        }
    }

    SafetensorsEntry ReadEntry(string name)
    {
        Expect(name, JsonTokenType.StartObject, "an object with dtype, shape and data_offsets");
        DType? dtype = null;
        long[]? shape = null, offsets = null;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            string field = _json.GetString()!;
            bool again = field switch
            {
                "dtype" => dtype is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => false,
            };
            if (again) throw Refuse(name, $"'{field}' appears twice");
            if (field == "dtype") dtype = ReadDType(name);
            else if (field == "shape") shape = ReadSizes(name, field, MaxRank);
            else if (field == "data_offsets") offsets = ReadSizes(name, field, 2);
            else throw Refuse(name, $"unknown field '{Shorten(field)}'");
        }
        if (dtype is null || shape is null || offsets is not [long begin, long end])
            throw Refuse(name, "it lacks dtype, shape or a pair of data_offsets");

        if (begin > end || end > _dataBytes)
            throw Refuse(name, $"data_offsets [{begin}, {end}] lie outside the {_dataBytes} bytes of data");
        long bytes = SizeBytes(name, shape, dtype.Value);
        if (bytes != end - begin)
            throw Refuse(
                name,
                $"shape [{string.Join(", ", shape)}] of {SafetensorsDType.NameOf(dtype.Value)} takes {bytes} bytes, "
                    + $"data_offsets [{begin}, {end}] give {end - begin}");
        return new SafetensorsEntry(name, dtype.Value, shape, _dataStart + begin, bytes);
    }

    DType ReadDType(string name)
    {
        Expect(name, JsonTokenType.String, "the name of an element type");
        string text = _json.GetString()!;
        return SafetensorsDType.TryParse(text, out var dtype)
            ? dtype
            : throw Refuse(name, $"dtype '{Shorten(text)}' is not supported; supported are {SafetensorsDType.AllNames}");
    }

    long[] ReadSizes(string name, string field, int limit)
    {
        Expect(name, JsonTokenType.StartArray, $"a list of sizes in {field}");
        var sizes = new List<long>(4);
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out long size) || size < 0)
                throw Refuse(name, $"{field} holds something that is not a size from 0 to 2^63-1");
            if (sizes.Count == limit) throw Refuse(name, $"{field} has more than {limit} numbers");
            sizes.Add(size);
        }
        return [.. sizes];
    }

    readonly long SizeBytes(string name, long[] shape, DType dtype)
    {
        try
        {
            long bytes = dtype.SizeBytes();
            foreach (long size in shape) bytes = checked(bytes * size);
            return bytes;
        }
        catch (OverflowException)
        {
            throw Refuse(name, $"shape [{string.Join(", ", shape)}] is larger than any file");
        }
    }

    readonly void CheckCoverage()
    {
        // Stable, and empty tensors before the one that starts where they lie, so that every boundary can be compared with the next.
        var ordered = _entries.OrderBy(entry => entry.OffsetBytes).ThenBy(entry => entry.LengthBytes).ToList();
        long covered = _dataStart;
        foreach (var entry in ordered)
        {
            if (entry.OffsetBytes != covered)
                throw Refuse(
                    entry.Name,
                    $"its data starts at byte {entry.OffsetBytes} of the file, but the tensors before it end at {covered}: "
                        + (entry.OffsetBytes < covered ? "they overlap" : "there is a gap"));
            covered += entry.LengthBytes;
        }
        if (covered != _dataStart + _dataBytes)
            throw new CorruptFileException(
                _path, $"no tensor covers the bytes from {covered} to the end of the file at {_dataStart + _dataBytes}");
        _entries.Clear();
        _entries.AddRange(ordered);
    }

    void Expect(string name, JsonTokenType type, string what)
    {
        if (!_json.Read() || _json.TokenType != type) throw Refuse(name, $"expected {what}");
    }

    readonly CorruptFileException Refuse(string name, string problem) =>
        new(_path, $"tensor '{Shorten(name)}' (header byte {LengthFieldBytes + _json.TokenStartIndex}): {problem}");

    /// <summary>A name from an untrusted file, fit for one line of an error message.</summary>
    static string Shorten(string text)
    {
        var line = new StringBuilder();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 120))) line.Append(char.IsControl(c) ? '?' : c);
        return text.Length > 120 ? line.Append('…').ToString() : line.ToString();
    }
}
