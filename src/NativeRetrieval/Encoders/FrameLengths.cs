using System.Numerics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// The number of frames of each clip in a batch that are its own, at one depth of an encoder. Without a tensor all clips fill the batch,
/// and nothing needs masking: the usual case at inference, where clips of equal length are batched together.
/// </summary>
/// <param name="Table">int32 [depths, N]: row d has the lengths after d halvings; null: all frames are real.</param>
/// <param name="Tensor">int32 [N], the row of this depth.</param>
internal readonly record struct FrameLengths(Tensor? Table, Tensor? Tensor, int Depth)
{
    public static FrameLengths Of(int[]? lengths, Tensor logMel)
    {
        var table = TableOf(lengths, logMel);
        return table is null ? default : At(table, 0);
    }

    /// <summary>The lengths at all depths; null where all frames are real.</summary>
    public static Tensor? TableOf(int[]? lengths, Tensor logMel)
    {
        if (lengths is null) return null;
        int clips = logMel.Shape[0], frames = logMel.Shape[2];
        if (lengths.Length != clips) throw new ShapeException($"{clips} clips need {clips} lengths, got {lengths.Length}");
        foreach (int length in lengths)
            if (length < 1 || length > frames) throw new ShapeException($"a clip's length must be 1 … {frames} frames, got {length}");
        if (lengths.All(length => length == frames)) return null;
        int depths = BitOperations.Log2((uint)frames) + 1;
        int[] table = [.. Enumerable.Range(0, depths).SelectMany(depth => lengths.Select(length => length >> depth))];
        return Core.Tensors.Tensor.From(table, [depths, clips], logMel.Device);
    }

    /// <summary>The lengths of a table at the input; none: all frames are real.</summary>
    public static FrameLengths Of(Tensor? table) => table is null ? default : At(table, 0);

    /// <summary>Lengths after pooling by <paramref name="window"/> frames, a power of two: ⌊length / window⌋.</summary>
    public FrameLengths Pooled(int window) => Table is null || window == 1 ? this : At(Table, Depth + BitOperations.Log2((uint)window));

    static FrameLengths At(Tensor table, int depth) => new(table, table.Rows(depth, 1).Reshape([table.Shape[1]]), depth);
}
