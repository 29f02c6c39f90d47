using NativeRetrieval.Audio.Augmentation;
using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Features;

/// <summary>
/// The clips of a batch as training hears them: cropped, together with another, shifted, warped, filtered, louder or softer. What happens
/// to an item depends on its place in the batch alone, so that any part of a batch can be loaded by itself, and again.
/// </summary>
internal sealed class TrainingSounds(RetrievalModel model, FeatureStore features, AugmentationSettings augmentation, RunRandom random)
{
    readonly bool _paper = model.Config.Padding == PaddingRule.Paper;
    readonly float _floorDb = (float)(10 * Math.Log10(model.Config.LogMel.Floor));
    readonly int _longestFrames = augmentation.RandomCrop ? ModelFeatures.LongestFrames(model.Config) : int.MaxValue;
    readonly int _longestClip = Enumerable.Range(0, features.Data.Clips.Count).Max(features.Frames);

    /// <summary>The items that are heard together with another clip.</summary>
    public Mixtures Mixtures { get; } = new(features.Data, augmentation.MixShare, augmentation.MixLevelDb, random);

    /// <param name="batch">Clips of the whole batch.</param>
    /// <param name="start">First item to load.</param>
    /// <param name="number">Number of the batch since the run began: the position of its randomness.</param>
    /// <param name="asWhole">True: the items are computed in the frames of the whole batch, as if all of it were loaded.</param>
    public AudioBatch Load(ReadOnlySpan<int> batch, int start, int count, long number, bool asWhole = false)
    {
        int longest = LongestOf(batch, number);
        var clips = new LogMelClip[count];
        for (int i = 0; i < count; i++)
        {
            int clip = batch[start + i], item = start + i;
            var addition = Mixtures.At(item, number);
            // A clip that is mixed, shifted or played at another tempo has no end of its own any more: silence simply follows it.
            bool ends = _paper && addition is null && !augmentation.CircularShift && augmentation.WarpTempo == 0
                && features.Frames(clip) <= _longestFrames;
            clips[i] = ends ? features.LoadPadded(clip, longest) : Crop(features.Load(clip), item, number);
            if (addition is { } other)
            {
                var added = Crop(features.Load(other.Item.Clip), batch.Length + item, number);
                clips[i] = AudioAugmentation.Mix(clips[i], added, (float)other.LevelDb, _floorDb);
            }
            if (augmentation.CircularShift) clips[i] = Shift(clips[i], item, number);
            if (augmentation.WarpTempo > 0 || augmentation.WarpBins > 0) clips[i] = Warp(clips[i], item, number);
            if (augmentation.FilterDb > 0) clips[i] = Filter(clips[i], item, number);
            if (augmentation.GainDb > 0)
                clips[i] = Louder(clips[i], augmentation.GainDb * Signed(random.Stream(RandomUse.Gain, number), (ulong)item));
        }
        return _paper ? AudioBatch.Paper(clips, model.Config.LogMel.FramesOf(longest), model.Device)
            : AudioBatch.OwnLength(clips, model.Device, PaddedTo(asWhole ? LongestFrames(batch, number) : clips.Max(clip => clip.Frames)));
    }

    /// <summary>The frames that clips of which the longest has so many are computed in; padding that is heard is not added to.</summary>
    public int PaddedTo(int longest) => _paper ? longest : PaddedFrames.Of(longest, Math.Min(_longestClip, _longestFrames));

    /// <summary>Frames of the longest item of a batch.</summary>
    int LongestFrames(ReadOnlySpan<int> batch, long number)
    {
        int frames = 0;
        for (int item = 0; item < batch.Length; item++)
        {
            frames = Math.Max(frames, features.Frames(batch[item]));
            if (Mixtures.At(item, number) is { } addition) frames = Math.Max(frames, features.Frames(addition.Item.Clip));
        }
        return Math.Min(frames, _longestFrames);
    }

    /// <summary>Samples of the longest waveform of a batch.</summary>
    int LongestOf(ReadOnlySpan<int> batch, long number)
    {
        int samples = 0;
        for (int item = 0; item < batch.Length; item++)
        {
            samples = Math.Max(samples, features.WaveformSamples(batch[item]));
            if (Mixtures.At(item, number) is { } addition) samples = Math.Max(samples, features.WaveformSamples(addition.Item.Clip));
        }
        return Math.Min(samples, ModelFeatures.LongestSamples(model.Config));
    }

    LogMelClip Crop(LogMelClip clip, int item, long number)
    {
        if (clip.Frames <= _longestFrames) return clip;
        int start = new PhiloxSequence(random.Stream(RandomUse.Crop, number), (ulong)item).NextBelow(clip.Frames - _longestFrames + 1);
        return AudioAugmentation.Crop(clip, start, _longestFrames, model.Config.LogMel.HopSamples);
    }

    LogMelClip Shift(LogMelClip clip, int item, long number)
    {
        var shifted = new float[clip.Values.Length];
        AudioAugmentation.CircularShift(clip.Values, clip.MelBins,
            new PhiloxSequence(random.Stream(RandomUse.CircularShift, number), (ulong)item), shifted);
        return clip with { Values = shifted };
    }

    LogMelClip Warp(LogMelClip clip, int item, long number)
    {
        var stream = random.Stream(RandomUse.Warp, number);
        double tempo = Math.Pow(1 + augmentation.WarpTempo, Signed(stream, 2 * (ulong)item));
        double bins = augmentation.WarpBins * Signed(stream, 2 * (ulong)item + 1);
        var warped = new float[clip.Values.Length];
        AudioAugmentation.Warp(clip.Values, clip.MelBins, tempo, bins, warped);
        return clip with { Values = warped };
    }

    LogMelClip Filter(LogMelClip clip, int item, long number)
    {
        var stream = random.Stream(RandomUse.Filter, number);
        Span<float> gainsDb = stackalloc float[AugmentationSettings.FilterKnots];
        for (int i = 0; i < gainsDb.Length; i++)
            gainsDb[i] = (float)(augmentation.FilterDb * Signed(stream, (ulong)(item * gainsDb.Length + i)));
        var filtered = new float[clip.Values.Length];
        AudioAugmentation.Filter(clip.Values, clip.MelBins, gainsDb, _floorDb, filtered);
        return clip with { Values = filtered };
    }

    /// <summary>A number of a stream, uniform in [−1, 1).</summary>
    static double Signed(Philox stream, ulong index) => 2.0 * stream.Uniform(index) - 1;

    LogMelClip Louder(LogMelClip clip, double gainDb)
    {
        var changed = new float[clip.Values.Length];
        AudioAugmentation.Gain(clip.Values, (float)gainDb, _floorDb, changed);
        return clip with { Values = changed };
    }
}
