using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Models;

/// <summary>Log-mel spectrograms on a device, as an audio encoder takes them.</summary>
/// <param name="LogMel">[N, 1, T, F], dB, contiguous.</param>
/// <param name="OwnFrames">int32 [depths, N]: frames of each clip that are its own, halved once more in each row; null: all are.</param>
public sealed record SoundInputs(Tensor LogMel, Tensor? OwnFrames)
{
    /// <summary>The inputs of spectrograms with their own lengths.</summary>
    /// <param name="lengths">Frames of each clip that are not padding, 1 … T; null: all are real.</param>
    /// <exception cref="Core.Errors.ShapeException">Their number is not that of the clips, or one is outside 1 … T.</exception>
    public static SoundInputs Of(Tensor logMel, int[]? lengths) => new(logMel, FrameLengths.TableOf(lengths, logMel));
}
