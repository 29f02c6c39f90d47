using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Models;

/// <summary>Log-mel spectrograms of several clips in one tensor.</summary>
/// <param name="LogMel">[N, 1, T, F], float32; shorter clips are followed by silence.</param>
/// <param name="Lengths">Own frames of each clip; null where padding counts as sound (<see cref="PaddingRule.Paper"/>).</param>
public readonly record struct AudioBatch(Tensor LogMel, int[]? Lengths)
{
    /// <summary>Log-mel of digital silence, 10·log10 of the floor, in dB.</summary>
    const float SilenceDb = -100;

    /// <param name="clips">At least one, all with the same number of mel bins.</param>
    public static AudioBatch Of(IReadOnlyList<LogMelClip> clips, PaddingRule padding, Device device)
    {
        int frames = clips.Max(clip => clip.Frames), bins = clips[0].MelBins;
        var values = new float[clips.Count * frames * bins];
        for (int i = 0; i < clips.Count; i++)
        {
            var row = values.AsSpan(i * frames * bins, frames * bins);
            clips[i].Values.CopyTo(row);
            row[clips[i].Values.Length..].Fill(SilenceDb);
        }
        var logMel = Tensor.From(values, [clips.Count, 1, frames, bins], device);
        return new(logMel, padding == PaddingRule.Paper ? null : [.. clips.Select(clip => clip.Frames)]);
    }
}
