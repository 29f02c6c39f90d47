using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Features;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Features;

/// <summary>The clips of a batch as augmentation changes them.</summary>
public sealed class TrainingSoundsTests : IDisposable
{
    const int Clips = 6, Bins = 64, CroppedFrames = 101; // one second
    const float FloorDb = -100;
    const long Number = 7;

    readonly TemporaryFolder _folder = new();
    readonly Dataset _data;

    public TrainingSoundsTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 5, clips: Clips + 1, testClips: 1);
        _data = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
    }

    [Fact]
    public void A_random_gain_is_one_offset_for_each_clip_within_its_limit()
    {
        var (plain, louder) = (Load([]), Load(["augmentation.gain_db=12"]));
        var gains = new HashSet<float>();
        for (int clip = 0; clip < Clips; clip++)
        {
            var offsets = plain[clip].Zip(louder[clip]).Where(pair => pair.First > FloorDb && pair.Second > FloorDb)
                .Select(pair => pair.Second - pair.First).ToList();
            Assert.InRange(offsets.Max() - offsets.Min(), 0, 1e-4);
            Assert.InRange(offsets[0], -12, 12);
            Assert.All(plain[clip].Zip(louder[clip]), pair =>
                Assert.True(pair.Second >= FloorDb && (pair.First > FloorDb || pair.Second == FloorDb)));
            gains.Add(MathF.Round(offsets[0], 3));
        }
        Assert.Equal(Clips, gains.Count);
    }

    [Fact]
    public void A_random_filter_is_a_gain_of_each_bin_within_its_limit_and_another_for_each_clip()
    {
        var (plain, filtered) = (Load([]), Load(["augmentation.filter_db=6"]));
        var lowest = new HashSet<float>();
        for (int clip = 0; clip < Clips; clip++)
        {
            float[] gains = new float[Bins];
            for (int bin = 0; bin < Bins; bin++)
            {
                var offsets = Enumerable.Range(0, plain[clip].Length / Bins).Select(frame => frame * Bins + bin)
                    .Where(i => plain[clip][i] > FloorDb && filtered[clip][i] > FloorDb)
                    .Select(i => filtered[clip][i] - plain[clip][i]).ToList();
                Assert.InRange(offsets.Max() - offsets.Min(), 0, 1e-4);
                Assert.InRange(gains[bin] = offsets[0], -6, 6);
            }
            Assert.Equal(gains[10], (gains[0] + gains[20]) / 2, 1e-3); // knots lie at bins 0, 21, 42 and 63
            Assert.True(gains.Max() - gains.Min() > 0.1, $"clip {clip} has the same gain everywhere");
            lowest.Add(MathF.Round(gains[0], 3));
        }
        Assert.Equal(Clips, lowest.Count);
    }

    [Theory]
    [InlineData("augmentation.warp_bins=3")]
    [InlineData("augmentation.warp_tempo=0.2")]
    public void A_warped_clip_keeps_its_length_and_its_range(string setting)
    {
        var (plain, warped) = (Load([]), Load([setting]));
        for (int clip = 0; clip < Clips; clip++)
        {
            Assert.Equal(plain[clip].Length, warped[clip].Length);
            Assert.NotEqual(plain[clip], warped[clip]);
            Assert.InRange(warped[clip].Min(), plain[clip].Min(), plain[clip].Max());
            Assert.InRange(warped[clip].Max(), plain[clip].Min(), plain[clip].Max());
        }
        // A move along the mel axis changes the first frame; a change of tempo does not.
        Assert.Equal(setting.Contains("tempo"),
            plain.Zip(warped).All(pair => pair.First.AsSpan(0, Bins).SequenceEqual(pair.Second.AsSpan(0, Bins))));
    }

    [Fact]
    public void A_random_crop_is_a_part_of_the_whole_clip_and_not_always_its_start()
    {
        var whole = Load(["audio.max_seconds=60"]);
        var cropped = Load(["audio.max_seconds=1", "augmentation.random_crop=true"]);
        var starts = new List<int>();
        for (int clip = 0; clip < Clips; clip++)
        {
            Assert.Equal(CroppedFrames * Bins, cropped[clip].Length);
            int start = whole[clip].AsSpan().IndexOf(cropped[clip]);
            Assert.True(start >= 0 && start % Bins == 0, $"clip {clip} is no part of itself");
            starts.Add(start / Bins);
        }
        Assert.True(starts.Distinct().Count() > 1 && starts.Max() > CroppedFrames / 2, string.Join(" ", starts));
        Assert.All(Load(["audio.max_seconds=1"]).Zip(whole), pair =>
            Assert.True(pair.First.AsSpan(0, (CroppedFrames - 2) * Bins).SequenceEqual(pair.Second.AsSpan(0, (CroppedFrames - 2) * Bins))));
    }

    [Fact]
    public void A_mixture_is_the_sum_of_the_powers_of_two_clips()
    {
        var (plain, mixed) = (Load([]), Load(["augmentation.mix_share=0.5"]));
        var mixtures = new Mixtures(_data, share: 0.5, levelDb: 6, new RunRandom((ulong)SettingsLoader.Load("tiny", []).Seed));
        int alone = 0;
        for (int clip = 0; clip < Clips; clip++)
        {
            if (mixtures.At(clip, Number) is not { } addition)
            {
                Assert.Equal(plain[clip], mixed[clip]);
                alone++;
                continue;
            }
            Assert.InRange(addition.LevelDb, -6, 6);
            var other = plain[addition.Item.Clip];
            Assert.Equal(Math.Max(plain[clip].Length, other.Length), mixed[clip].Length);
            for (int i = 0; i < mixed[clip].Length; i++)
            {
                double power = Power(plain[clip], i, 0) + Power(other, i, addition.LevelDb);
                Assert.Equal(Math.Max(FloorDb, 10 * Math.Log10(power)), mixed[clip][i], 1e-3);
            }
        }
        Assert.InRange(alone, 1, Clips - 1);

        static double Power(float[] clip, int i, double levelDb) =>
            i < clip.Length && clip[i] > FloorDb ? Math.Pow(10, (clip[i] + levelDb) / 10) : 0;
    }

    [Theory]
    [InlineData("own-length")]
    [InlineData("paper")]
    public void A_part_of_a_batch_sounds_as_it_does_in_the_whole(string padding)
    {
        string[] all = [$"audio.padding={padding}", "audio.max_seconds=1", "augmentation.random_crop=true",
            "augmentation.circular_shift=true", "augmentation.gain_db=6", "augmentation.mix_share=0.5", "augmentation.warp_tempo=0.2",
            "augmentation.warp_bins=3", "augmentation.filter_db=6"];
        var whole = Load(all);
        Assert.Equal([.. whole[2], .. whole[3]], Load(all, start: 2, count: 2).SelectMany(values => values));
        Assert.Equal(whole, Load(all));
        Assert.NotEqual(whole[2], Load(all, number: 8)[2]);
        Assert.NotEqual(whole[2], Load([.. all, "seed=1"])[2]);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Log-mel of each clip, without what fills the batch.</summary>
    List<float[]> Load(string[] overrides, int start = 0, int count = Clips, long number = Number)
    {
        var settings = SettingsLoader.Load("tiny", ["augmentation.circular_shift=false", .. overrides]);
        var features = FeatureStore.Prepare(new FeatureCache(_folder["cache"], RunFeatures.OfTraining(settings)), _data, [], null, default);
        using var scope = TensorScope.Begin();
        using var model = ModelFactory.Create(settings, _data, null, CpuDevice.Shared);
        var batch = new TrainingSounds(model, features, settings.Augmentation, new RunRandom((ulong)settings.Seed))
            .Load([.. Enumerable.Range(0, Clips)], start, count, number);
        return [.. Enumerable.Range(0, count)
            .Select(i => batch.LogMel.Rows(i, 1).ToArray<float>()[..((batch.Lengths?[i] ?? batch.LogMel.Shape[2]) * Bins)])];
    }
}
