using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// 8-bit weights in safetensors files, symmetric per row (output channel). The weight <c>NAME</c>, [rows, …], is stored as int8 of that
/// shape, −127 … 127, beside <c>NAME.scale</c>, float32 [rows]; a weight is its integer times the scale of its row. The scale is the row's
/// largest magnitude / 127, at least 2⁻¹²⁶, and 0 for a row of zeros; the integer is weight / scale rounded to nearest, ties to even, so
/// that no weight changes by more than half a scale.
/// </summary>
public static class Int8Weights
{
    /// <summary>Key of the header's metadata that says in which form the weights are.</summary>
    public const string MetadataKey = "weights";

    /// <summary>Value of <see cref="MetadataKey"/> in files that have 8-bit weights.</summary>
    public const string MetadataValue = "int8";

    /// <summary>End of the name of a tensor of scales, behind the name of its weight.</summary>
    public const string ScaleEnding = ".scale";

    /// <summary>Weights with fewer elements stay as they are: they take no room, and their scales would.</summary>
    public const int FewestElements = 1024;

    const int Largest = 127, ChunkElements = 1 << 18;
    const float SmallestScale = 1.17549435e-38f;
    const string WeightEnding = "weight";
    static readonly float _largestScale = MathF.BitDecrement(float.MaxValue / Largest);  // its multiples are finite

    /// <summary>
    /// The same tensors with 8-bit weights: matrices, convolution kernels and embedding tables, that is floating-point tensors of two or
    /// more axes named <c>weight</c>. All others are handed on: biases, norms, tables of biases, and the small.
    /// </summary>
    /// <param name="tensors">Each is written twice where it is quantized: once for the scales, once for the integers.</param>
    /// <param name="source">Path that is named where a weight is refused.</param>
    /// <exception cref="CorruptFileException">In writing: a weight is NaN or infinite.</exception>
    public static IEnumerable<SafetensorsItem> Quantize(IEnumerable<SafetensorsItem> tensors, string source)
    {
        foreach (var item in tensors)
        {
            if (!IsWeight(item))
            {
                yield return item;
                continue;
            }
            yield return new SafetensorsItem(item.Name + ScaleEnding, DType.Float32, [item.Shape[0]],
                stream => Rows(item, source, (_, scale) => stream.Write(MemoryMarshal.AsBytes([scale]))));
            yield return new SafetensorsItem(item.Name, DType.Int8, item.Shape, stream =>
            {
                sbyte[] integers = [];
                Rows(item, source, (weights, scale) =>
                {
                    if (integers.Length == 0) integers = new sbyte[weights.Length];
                    Round(weights, scale, integers);
                    stream.Write(MemoryMarshal.AsBytes<sbyte>(integers));
                });
            });
        }
    }

    /// <summary>True of an 8-bit tensor with scales beside it.</summary>
    public static bool IsQuantized(SafetensorsFile file, string name) =>
        file.Entry(name).DType == DType.Int8 && file.Contains(name + ScaleEnding);

    /// <summary>True of the scales of an 8-bit tensor.</summary>
    public static bool IsScale(SafetensorsFile file, string name) =>
        name.EndsWith(ScaleEnding, StringComparison.Ordinal) && name[..^ScaleEnding.Length] is var weight && file.Contains(weight)
            && file.Entry(weight).DType == DType.Int8;

    /// <summary>The scales of an 8-bit tensor, [rows].</summary>
    /// <exception cref="CorruptFileException">They are missing, of another type or shape, negative, infinite or NaN.</exception>
    public static float[] Scales(SafetensorsFile file, string name)
    {
        var weight = file.Entry(name);
        string scaleName = name + ScaleEnding;
        if (!file.Contains(scaleName))
            throw new CorruptFileException(file.Path, $"tensor '{name}' is 8-bit and has no scales: '{scaleName}' is missing");
        var entry = file.Entry(scaleName);
        if (weight.Shape.Length == 0 || entry.DType != DType.Float32 || entry.Shape is not [var rows] || rows != weight.Shape[0])
            throw new CorruptFileException(file.Path, $"tensor '{scaleName}' is {entry.DType} [{string.Join(", ", entry.Shape)}]; "
                + $"expected was a {DType.Float32} for each row of '{name}' [{string.Join(", ", weight.Shape)}]");
        float[] scales = file.ReadFloat32(scaleName);
        int bad = Array.FindIndex(scales, scale => !(scale >= 0 && scale <= _largestScale));
        return bad < 0 ? scales : throw new CorruptFileException(file.Path,
            FormattableString.Invariant($"tensor '{scaleName}' is {scales[bad]} at row {bad}; a scale is 0 … {_largestScale:G3}"));
    }

    /// <summary>The weights of an 8-bit tensor as float32, row-major.</summary>
    /// <inheritdoc cref="Scales"/>
    public static float[] Read(SafetensorsFile file, string name)
    {
        var all = new float[file.Entry(name).ElementCount];
        ForEachChunk(file, name, (start, weights) => weights.CopyTo(all.AsSpan((int)start)));
        return all;
    }

    /// <summary>Writes the weights of an 8-bit tensor as float32, little-endian, a few rows at a time.</summary>
    /// <inheritdoc cref="Scales"/>
    public static void Write(SafetensorsFile file, string name, Stream destination, CancellationToken cancellation = default) =>
        ForEachChunk(file, name, (_, weights) =>
        {
            cancellation.ThrowIfCancellationRequested();
            destination.Write(MemoryMarshal.AsBytes(weights));
        });

    /// <summary>Overwrites a tensor, float32 or float64, with the weights of an 8-bit tensor, a few rows at a time.</summary>
    /// <param name="destination">A tensor of as many elements, in any layout.</param>
    /// <inheritdoc cref="Scales"/>
    public static void CopyTo(SafetensorsFile file, string name, Tensor destination)
    {
        if (file.Entry(name).ElementCount != destination.Count || destination.DType is not (DType.Float32 or DType.Float64))
            throw new ShapeException(
                $"CopyTo: '{name}' has {file.Entry(name).ElementCount} weights, the tensor is {destination.Describe()}");
        destination.Overwrite(target => CopyRows(file, name, target));
    }

    static void CopyRows(SafetensorsFile file, string name, Tensor destination)
    {
        double[] wide = [];
        ForEachChunk(file, name, (start, weights) =>
        {
            var bytes = MemoryMarshal.AsBytes(weights);
            if (destination.DType == DType.Float64)
            {
                if (wide.Length != weights.Length) wide = new double[weights.Length];
                for (int i = 0; i < wide.Length; i++) wide[i] = weights[i];
                bytes = MemoryMarshal.AsBytes<double>(wide);
            }
            destination.Device.CopyIn(bytes, destination.Address + (nint)start * destination.DType.SizeBytes());
        });
        destination.Version++;
    }

    delegate void ChunkAction(long start, ReadOnlySpan<float> weights);

    static void ForEachChunk(SafetensorsFile file, string name, ChunkAction action)
    {
        float[] scales = Scales(file, name);
        var entry = file.Entry(name);
        if (entry.ElementCount == 0) return;
        int width = checked((int)(entry.ElementCount / scales.Length)), rows = Math.Min(scales.Length, Math.Max(1, ChunkElements / width));
        var (integers, weights) = (new sbyte[rows * width], new float[rows * width]);
        for (int first = 0; first < scales.Length; first += rows)
        {
            int count = Math.Min(rows, scales.Length - first);
            file.ReadBytes(entry, (long)first * width, MemoryMarshal.AsBytes(integers.AsSpan(0, count * width)));
            for (int i = 0; i < count * width; i++) weights[i] = integers[i] * scales[first + i / width];
            action((long)first * width, weights.AsSpan(0, count * width));
        }
    }

    static bool IsWeight(SafetensorsItem item) =>
        item.Shape.Length >= 2 && item.DType is DType.Float32 or DType.Float64 or DType.Float16 or DType.BFloat16
            && item.Name[(item.Name.LastIndexOf('.') + 1)..] == WeightEnding
            && item.Shape.Aggregate(1L, (count, size) => checked(count * size)) >= FewestElements;

    delegate void RowAction(ReadOnlySpan<float> weights, float scale);

    /// <summary>Gives each row with its scale.</summary>
    static void Rows(SafetensorsItem item, string source, RowAction action)
    {
        var weights = new float[item.Shape.Skip(1).Aggregate(1L, (count, size) => checked(count * size))];
        int row = 0;
        item.Write(new RowStream(checked(weights.Length * item.DType.SizeBytes()), bytes =>
        {
            ElementConversion.Convert<float>(bytes, item.DType, weights);
            action(weights, Scale(weights, row++, item.Name, source));
        }));
    }

    static float Scale(ReadOnlySpan<float> weights, int row, string name, string source) =>
        Scale(weights) ?? throw new CorruptFileException(source, FormattableString.Invariant(
            $"tensor '{name}' holds {FirstThatIsNotFinite(weights)} in row {row}; only finite weights have an 8-bit form"));

    static float FirstThatIsNotFinite(ReadOnlySpan<float> weights)
    {
        int at = 0;
        while (float.IsFinite(weights[at])) at++;
        return weights[at];
    }

    /// <summary>The scale of a row; null where a weight is NaN or infinite.</summary>
    internal static float? Scale(ReadOnlySpan<float> weights)
    {
        float most = 0;
        int lanes = Vector<float>.Count, i = 0;
        var vector = Vector<float>.Zero;
        for (; i <= weights.Length - lanes; i += lanes) vector = Vector.Max(vector, Vector.Abs(new Vector<float>(weights[i..])));
        for (int lane = 0; lane < lanes; lane++) most = Math.Max(most, vector[lane]);
        for (; i < weights.Length; i++) most = Math.Max(most, Math.Abs(weights[i]));
        return !float.IsFinite(most) ? null : most == 0 ? 0 : Math.Clamp(most / Largest, SmallestScale, _largestScale);
    }

    /// <summary>The integers of a row's finite weights.</summary>
    /// <param name="integers">As many as weights; overwritten.</param>
    internal static void Round(ReadOnlySpan<float> weights, float scale, Span<sbyte> integers)
    {
        if (scale == 0)
        {
            integers.Clear();
            return;
        }
        int lanes = Vector256<float>.Count, i = 0;
        for (; i <= weights.Length - lanes; i += lanes)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(weights[i..]));
            // Whole numbers of at most 127: exact in every type.
            var rounded = Vector256.ConvertToInt32(Vector256.Narrow(
                Vector256.Round(low / scale, MidpointRounding.ToEven), Vector256.Round(high / scale, MidpointRounding.ToEven)));
            var shorts = Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
            Vector128.Narrow(shorts, shorts).GetLower().CopyTo(integers[i..]);
        }
        for (; i < weights.Length; i++) integers[i] = (sbyte)Math.Round((double)weights[i] / scale, MidpointRounding.ToEven);
    }
}
