using System.Numerics;

namespace NativeRetrieval.Training.Features;

/// <summary>
/// The lengths that batches of training are padded to: few, so that steps come again that a GPU has recorded. Padding is masked and
/// changes no value; like the places of sentences it numbers dropout's draws, and is therefore the same on all devices.
/// </summary>
internal static class PaddedFrames
{
    /// <summary>The least step: the frames that CNN14 and ResNet38 pool into one.</summary>
    const int LeastStep = 32;

    /// <summary>Steps between a power of two and the next: padding adds a sixteenth at most where a step is not the least.</summary>
    const int StepsPerDoubling = 16;

    /// <summary>The frames of a batch.</summary>
    /// <param name="longest">Frames of its longest clip.</param>
    /// <param name="most">Frames of the longest clip of all batches: none is padded beyond it, and clips of one length not at all.</param>
    public static int Of(int longest, int most)
    {
        int step = Math.Max(LeastStep, (int)(BitOperations.RoundUpToPowerOf2((uint)longest) / (2 * StepsPerDoubling)));
        return Math.Max(longest, Math.Min(most, (longest + step - 1) / step * step));
    }
}
