using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Models;

/// <summary>Log-mel spectrograms of several clips in one tensor.</summary>
/// <param name="LogMel">[N, 1, T, F], float32; shorter clips are followed by silence.</param>
/// <param name="Lengths">Own frames of each clip; null where padding counts as sound (<see cref="PaddingRule.Paper"/>).</param>
public readonly record struct AudioBatch(Tensor LogMel, int[]? Lengths)
{
    /// <summary>Log-mel of digital silence, 10·log10 of the floor, in dB.</summary>
    const float SilenceDb = -100;

    /// <summary>Clips with their own lengths; what fills the batch is masked and never heard.</summary>
    /// <param name="clips">One clip or more, all with the same number of mel bins.</param>
    /// <param name="frames">Frames of the batch, those of the longest clip or more; null: those of the longest clip.</param>
    /// <exception cref="ShapeException">A clip has more frames than the batch.</exception>
    public static AudioBatch OwnLength(IReadOnlyList<LogMelClip> clips, Device device, int? frames = null)
    {
        int longest = clips.Max(clip => clip.Frames);
        if (frames < longest) throw new ShapeException($"a batch of {frames} frames cannot hold a clip of {longest}");
        return new(Stack(clips, frames ?? longest, device), [.. clips.Select(clip => clip.Frames)]);
    }

    /// <summary>Clips that are heard with the digital silence that follows them up to the longest.</summary>
    /// <param name="clips">One clip or more, all with the same number of mel bins.</param>
    /// <param name="frames">Frames of the longest clip of the whole batch, of which these clips may be a part.</param>
    public static AudioBatch Paper(IReadOnlyList<LogMelClip> clips, int frames, Device device) => new(Stack(clips, frames, device), null);

    static Tensor Stack(IReadOnlyList<LogMelClip> clips, int frames, Device device)
    {
        int bins = clips[0].MelBins;
        var values = new float[clips.Count * frames * bins];
        for (int i = 0; i < clips.Count; i++)
        {
            var row = values.AsSpan(i * frames * bins, frames * bins);
            var own = clips[i].Values.AsSpan(0, Math.Min(clips[i].Values.Length, row.Length));
            own.CopyTo(row);
            row[own.Length..].Fill(SilenceDb);
        }
        return Tensor.From(values, [clips.Count, 1, frames, bins], device);
    }
}
