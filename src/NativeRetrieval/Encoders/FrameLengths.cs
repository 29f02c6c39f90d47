using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// The number of frames of each clip in a batch that are its own, at one depth of an encoder. Without a tensor all clips fill the batch,
/// and nothing needs masking: the usual case at inference, where clips of equal length are batched together.
/// </summary>
internal readonly record struct FrameLengths(int[]? Values, Tensor? Tensor)
{
    public static FrameLengths Of(int[]? lengths, Tensor logMel)
    {
        if (lengths is null) return default;
        int clips = logMel.Shape[0], frames = logMel.Shape[2];
        if (lengths.Length != clips) throw new ShapeException($"{clips} clips need {clips} lengths, got {lengths.Length}");
        foreach (int length in lengths)
            if (length < 1 || length > frames) throw new ShapeException($"a clip's length must be 1 … {frames} frames, got {length}");
        return lengths.All(length => length == frames) ? default : On(lengths, logMel);
    }

    /// <summary>Lengths after pooling by <paramref name="window"/> frames: ⌊length / window⌋.</summary>
    public FrameLengths Pooled(int window, Tensor pooled) =>
        Values is null || window == 1 ? this : On([.. Values.Select(length => length / window)], pooled);

    static FrameLengths On(int[] lengths, Tensor x) => new(lengths, Tensor.From(lengths, [lengths.Length], x.Device));
}
