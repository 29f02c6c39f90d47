using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo.Tests;

public class DemoSceneTests
{
    [Fact]
    public void A_recording_goes_on_to_its_end_and_is_the_same_every_time()
    {
        float[] Make() =>
            SceneSound.Render([SoundKind.All[0], SoundKind.All[5]], 7 * SceneSound.SampleRateHz + 3, new PhiloxSequence(new Philox(1)));
        float[] samples = Make();
        Assert.Equal(7 * SceneSound.SampleRateHz + 3, samples.Length);
        Assert.Equal(samples, Make());
        foreach (float[] second in samples.Chunk(SceneSound.SampleRateHz))
            Assert.True(second.Max(Math.Abs) > (second.Length > 10 ? 0.01f : 0));
    }

    [Fact]
    public void All_scenes_differ_up_to_the_largest_number() =>
        Assert.Equal(DemoScene.MostScenes, DemoScene.Draw(DemoScene.MostScenes, Random(1)).Distinct().Count());

    [Fact]
    public void Every_kind_is_among_the_first_and_the_last_hundred_of_four_hundred()
    {
        var scenes = DemoScene.Draw(400, Random(2));
        Assert.True(SoundKind.All.Count >= 20);
        Assert.Equal(SoundKind.All.Count, scenes.Take(100).Select(scene => scene.First.Kind.Name).Distinct().Count());
        Assert.Equal(SoundKind.All.Count, scenes.TakeLast(100).Select(scene => scene.First.Kind.Name).Distinct().Count());
        Assert.InRange(scenes.Count(scene => scene.Second is not null), 180, 280);
    }

    [Fact]
    public void No_caption_describes_two_clips()
    {
        var scenes = DemoScene.Draw(400, Random(3));
        var captions = scenes.SelectMany((scene, i) => SceneCaptions.Write(scene, 5, Random((ulong)i))).ToList();
        Assert.Equal(400 * 5, captions.Count);
        Assert.Equal(captions.Count, captions.Distinct().Count());
    }

    [Fact]
    public void Captions_say_order_number_pitch_and_loudness()
    {
        var bell = Kind("bell");
        var alone = new DemoScene(new SoundEvent(bell, IsHigh: true, Times: 2, Loudness.Loud), null);
        Assert.All(SceneCaptions.Write(alone, 5, Random(1)), caption =>
        {
            Assert.Contains("twice", caption);
            Assert.Contains("loud", caption);
            Assert.Matches("high pitch|high register", caption);
        });
        var pair = new DemoScene(new SoundEvent(bell, false, 1, Loudness.Medium), new SoundEvent(Kind("rain"), false, 1, Loudness.Medium));
        foreach (string caption in SceneCaptions.Write(pair, 5, Random(2)))
        {
            int first = caption.IndexOf("bell", StringComparison.Ordinal);
            int second = Math.Max(caption.IndexOf("rain", StringComparison.Ordinal), caption.IndexOf("shower", StringComparison.Ordinal));
            Assert.True(first >= 0 && second >= 0, caption);
            Assert.Equal(first > second, caption.Contains(" after "));
            Assert.Matches(" and then | followed by |, then | before | after ", caption);
        }
    }

    public static TheoryData<string> Kinds => [.. SoundKind.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_sound_is_finite_unclipped_and_as_loud_as_asked(string name)
    {
        float quiet = Peak(name, isHigh: false, Loudness.Quiet), medium = Peak(name, isHigh: true, Loudness.Medium),
            loud = Peak(name, isHigh: false, Loudness.Loud);
        Assert.True(0.02 < quiet && quiet < medium && medium < loud && loud < 1, $"{quiet} {medium} {loud}");
    }

    [Fact]
    public void Every_kind_has_a_name_of_its_own() =>
        Assert.Equal(SoundKind.All.Count, SoundKind.All.Select(kind => kind.Name).Distinct().Count());

    [Fact]
    public void The_second_event_sounds_in_the_second_half()
    {
        // Thunder has nothing above 2 kHz, white noise has most of its energy there.
        var scene = new DemoScene(new SoundEvent(Kind("thunder"), false, 1, Loudness.Medium),
            new SoundEvent(Kind("white noise"), false, 1, Loudness.Medium));
        float[] samples = SceneSound.Render(scene, Random(5));
        int middle = samples.Length / 2, margin = samples.Length / 8;
        Assert.True(Roughness(samples.AsSpan(0, middle - margin)) * 20 < Roughness(samples.AsSpan(middle + margin)));
    }

    /// <summary>Mean absolute difference of neighbours: high frequencies.</summary>
    static double Roughness(ReadOnlySpan<float> samples)
    {
        double sum = 0;
        for (int i = 1; i < samples.Length; i++) sum += Math.Abs(samples[i] - samples[i - 1]);
        return sum / samples.Length;
    }

    static float Peak(string name, bool isHigh, Loudness loudness)
    {
        float[] samples = SceneSound.Render(new DemoScene(new SoundEvent(Kind(name), isHigh, 1, loudness), null), Random(4));
        float largest = 0;
        foreach (float value in samples) largest = Math.Max(largest, Math.Abs(value));      // NaN stays
        return largest;
    }

    static SoundKind Kind(string name) => SoundKind.All.Single(kind => kind.Name == name);

    static PhiloxSequence Random(ulong seed) => new(new Philox(seed));
}
