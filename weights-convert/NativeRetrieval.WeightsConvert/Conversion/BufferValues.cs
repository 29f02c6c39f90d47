using System.Buffers.Binary;
using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Whole numbers beside the weights that follow from sizes: compared when a checkpoint is read, as others would mean another network, and
/// computed again when it is written back.
/// </summary>
static class BufferValues
{
    /// <summary>Key of the buffers' names in the metadata of the weights that a conversion writes.</summary>
    public const string Key = "buffers";

    /// <summary>Compares every buffer, and records in the metadata what the way back has to write.</summary>
    /// <exception cref="CorruptFileException">A buffer has other values than this program computes with.</exception>
    public static void Check(CheckpointFile checkpoint, MapMatch match, Dictionary<string, string> metadata)
    {
        var records = new List<string>();
        foreach (var (part, found) in match.Parts)
            foreach (var (name, kind, tensor) in found.Buffers)
            {
                if (tensor.DType != DType.Int64)
                    throw new CorruptFileException(checkpoint.Path,
                        $"{tensor.Name} is of type {tensor.DType}, expected whole numbers of 64 bits");
                long[] values = Read(checkpoint, tensor);
                long[] expected = kind == BufferKind.Count ? values : Of(kind, tensor.Shape);
                int at = values.AsSpan().CommonPrefixLength(expected);
                if (at < values.Length || values.Length != expected.Length)
                    throw new CorruptFileException(checkpoint.Path, string.Create(CultureInfo.InvariantCulture,
                        $"{tensor.Name} is {(at < values.Length ? values[at] : 0)} at position {at}, where this program computes with "
                            + $"{(at < expected.Length ? expected[at] : "nothing")}: the weights belong to another kind of network"));
                long number = kind == BufferKind.Count ? values.FirstOrDefault() : 0;
                records.Add(string.Create(CultureInfo.InvariantCulture,
                    $"{part.SourcesOf(name)[0]} {kind} {string.Join('x', tensor.Shape)} {number}"));
            }
        if (records.Count > 0) metadata[Key] = string.Join('\n', records);
    }

    /// <summary>The recorded buffers under the checkpoint's names.</summary>
    /// <exception cref="CorruptFileException">The record is damaged.</exception>
    public static IEnumerable<SafetensorsItem> Recorded(CheckpointFile checkpoint)
    {
        foreach (string record in checkpoint.Metadata.GetValueOrDefault(Key)?.Split('\n') ?? [])
        {
            if (record.Split(' ') is not [var name, var kindText, var shapeText, var numberText]
                || !Enum.TryParse(kindText, out BufferKind kind)
                || !long.TryParse(numberText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                || Shape(shapeText) is not { } shape)
                throw new CorruptFileException(checkpoint.Path, $"its metadata records a buffer as \"{record}\", which says nothing");
            long[] values = kind == BufferKind.Count ? [number] : Of(kind, shape);
            yield return SafetensorsItem.Int64(name, shape, values);
        }
    }

    static long[]? Shape(string text)
    {
        const long most = 1 << 24;
        var shape = new List<long>();
        long count = 1;
        foreach (string size in text.Split('x', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > most
                || (count *= number) > most) return null;
            shape.Add(number);
        }
        return [.. shape];
    }

    static long[] Of(BufferKind kind, IReadOnlyList<long> shape)
    {
        long[] values = new long[shape.Aggregate(1L, (count, size) => checked(count * size))];
        if (kind == BufferKind.Positions)
            for (int i = 0; i < values.Length; i++) values[i] = i % shape[^1];
        if (kind != BufferKind.RelativePositions) return values;
        int tokens = (int)shape[^1], window = (int)Math.Round(Math.Sqrt(tokens));
        if (window * window != tokens || values.Length != (long)tokens * tokens) return [];
        for (int i = 0; i < values.Length; i++)
        {
            int one = i / tokens, other = i % tokens;
            int down = one / window - other / window + window - 1, across = one % window - other % window + window - 1;
            values[i] = down * (2 * window - 1) + across;
        }
        return values;
    }

    static long[] Read(CheckpointFile checkpoint, CheckpointTensor tensor)
    {
        using var bytes = new MemoryStream(checked((int)tensor.LengthBytes));
        checkpoint.CopyTo(tensor, bytes);
        long[] values = new long[tensor.ElementCount];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes.GetBuffer().AsSpan(8 * i));
        return values;
    }
}
