using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Audio.Tests.Decoding;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Audio.Tests.Features;

public sealed class FeatureCacheTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_clip_is_given_exactly_as_computed_the_first_time_and_later()
    {
        string path = Sound("a.wav", seed: 1);
        LogMelClip computed = new FeatureExtractor(FeatureSettings.Default).Extract(path);
        FeatureCache cache = Cache();
        foreach (LogMelClip clip in (LogMelClip[])[cache.Get(path), cache.Get(path), Cache().Get(path)])
        {
            Assert.Equal(computed.Values, clip.Values);
            Assert.Equal((computed.Frames, computed.MelBins, computed.Samples), (clip.Frames, clip.MelBins, clip.Samples));
        }
        Assert.Equal((101, 64, 32000), (computed.Frames, computed.MelBins, computed.Samples));
    }

    [Fact]
    public void A_cached_clip_is_not_decoded_again_while_size_and_time_are_the_same()
    {
        string path = Sound("a.wav", seed: 1);
        LogMelClip first = Cache().Get(path);
        DateTime changed = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, new byte[new FileInfo(path).Length]);
        File.SetLastWriteTimeUtc(path, changed);
        Assert.Equal(first.Values, Cache().Get(path).Values);
        File.SetLastWriteTimeUtc(path, changed.AddSeconds(1));
        Assert.Throws<AudioDecodeException>(() => Cache().Get(path));
    }

    [Fact]
    public void A_link_is_as_old_as_the_file_behind_it()
    {
        string target = Sound("a.wav", seed: 1), link = _folder["link.wav"];
        File.CreateSymbolicLink(link, target);
        float[] first = Cache().Get(link).Values;
        DateTime made = File.GetLastWriteTimeUtc(target);
        File.SetLastWriteTimeUtc(Sound("a.wav", seed: 2), made.AddSeconds(1));
        float[] changed = Cache().Get(link).Values;
        Assert.NotEqual(first, changed);
        Assert.Equal(changed, Cache().Get(target).Values);
    }

    [Fact]
    public void Copies_share_one_entry_and_a_changed_file_gets_another()
    {
        FeatureCache cache = Cache();
        string path = Sound("a.wav", seed: 1);
        float[] first = cache.Get(path).Values;
        File.Copy(path, _folder["b.wav"]);
        Assert.Equal(first, cache.Get(_folder["b.wav"]).Values);
        Assert.Single(Entries());
        File.SetLastWriteTimeUtc(Sound("a.wav", seed: 2), new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.NotEqual(first, cache.Get(path).Values);
        Assert.Equal(2, Entries().Length);
    }

    [Fact]
    public void A_clip_is_not_waited_for_on_its_way_to_the_disk()
    {
        var steps = new List<string>();
        FeatureCache cache = Cache();
        Core.Serialization.DurableFile.AfterStep = (step, path) => { if (!Directory.Exists(path)) steps.Add(step); };
        try
        {
            cache.Get(Sound("a.wav", seed: 1));
        }
        finally
        {
            Core.Serialization.DurableFile.AfterStep = null;
        }
        Assert.DoesNotContain("fsync", steps);
        Assert.Contains("rename", steps);
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("text")]
    public void A_damaged_entry_is_computed_and_written_anew(string damage)
    {
        string path = Sound("a.wav", seed: 1);
        float[] first = Cache().Get(path).Values;
        string entry = Entries().Single();
        byte[] intact = File.ReadAllBytes(entry), bytes = [.. intact];
        bytes[^1000] ^= 1;
        File.WriteAllBytes(entry,
            damage switch { "flip" => bytes, "cut" => intact[..5000], "empty" => [], _ => "not a safetensors file"u8.ToArray() });
        Assert.Equal(first, Cache().Get(path).Values);
        Assert.Equal(intact, File.ReadAllBytes(entry));
    }

    [Fact]
    public void A_half_written_line_of_hashes_spoils_no_other()
    {
        string first = Sound("a.wav", seed: 1), second = Sound("b with spaces.wav", seed: 2);
        Cache().Get(first);
        string hashes = _folder["cache/content-hashes.txt"];
        File.AppendAllText(hashes, "\n01234567 abcdef 12");
        Cache().Get(second);
        Assert.Equal(2, File.ReadAllLines(hashes).Count(line => line.EndsWith(".wav", StringComparison.Ordinal)));

        // Both are known from the file now: their content is not read again.
        foreach (string path in (string[])[first, second])
        {
            DateTime changed = File.GetLastWriteTimeUtc(path);
            File.WriteAllBytes(path, new byte[new FileInfo(path).Length]);
            File.SetLastWriteTimeUtc(path, changed);
            Cache().Get(path);
        }

        // A line whose hash does not belong to it fails its check: no clip is given for another.
        string[][] lines = [.. File.ReadAllLines(hashes).Where(line => line.EndsWith(".wav", StringComparison.Ordinal))
            .Select(line => line.Split(' ', 3))];
        (lines[0][1], lines[1][1]) = (lines[1][1], lines[0][1]);
        File.WriteAllLines(hashes, lines.Select(fields => string.Join(' ', fields)));
        Assert.Throws<AudioDecodeException>(() => Cache().Get(first));
    }

    [Fact]
    public void Other_settings_have_other_entries()
    {
        string path = Sound("a.wav", seed: 1);
        FeatureSettings[] settings =
        [
            FeatureSettings.Default,
            new() { Resampler = ResamplerPreset.Fast },
            new() { MaximumSamples = 25_000 },
            new() { MinimumSamples = 40_000 },
            new() { LogMel = new() { HopSamples = 160 } },
            new() { LogMel = new() { MaxHz = 13_999.999 } },
        ];
        Assert.Equal([101, 101, 79, 126, 201, 101], settings.Select(s => Cache(s).Get(path).Frames));
        Assert.Equal(settings.Length, Entries().Length);
        Assert.Equal(settings.Length, settings.Select(s => s.Id).Distinct().Count());
        Assert.Equal(new FeatureSettings().Id, new FeatureSettings { LogMel = new LogMelSettings() }.Id);
    }

    [Fact]
    public void The_text_and_id_of_settings_never_change()
    {
        var settings = new FeatureSettings { MaximumSamples = 960_000, TrailingSilenceSamples = 1024, Resampler = ResamplerPreset.Fast };
        Assert.Equal("sample_rate_hz=32000 window_samples=1024 hop_samples=320 mel_bins=64 min_hz=50 max_hz=14000 floor=1E-10 "
            + "resampler=fast minimum_samples=20160 maximum_samples=960000 trailing_silence_samples=1024", settings.Description);
        Assert.Equal("ee3751d92077a5a3", FeatureSettings.Default.Id);
    }

    [Fact]
    public void A_short_clip_is_padded_with_zeros_and_a_long_one_cut()
    {
        string path = _folder["one.wav"];
        File.WriteAllBytes(path, WavBytes.Float32(1, 32000, 0.5f));
        LogMelClip one = Cache().Get(path);
        Assert.Equal((64, 1), (one.Frames, one.Samples));
        var padded = new float[20_160];
        padded[0] = 0.5f;
        Assert.Equal(new FeatureExtractor(FeatureSettings.Default).Extract(padded).Values, one.Values);

        LogMelClip cut = new FeatureExtractor(new() { MaximumSamples = 25_000 }).Extract(Sound("a.wav", seed: 1));
        Assert.Equal(25_000, cut.Samples);
        Assert.Equal(new FeatureExtractor(new() { MaximumSamples = 25_000 }).Extract(Samples(1)).Values, cut.Values);
    }

    [Fact]
    public async Task Threads_that_ask_for_the_same_clips_all_get_them()
    {
        string[] paths = [.. Enumerable.Range(0, 3).Select(i => Sound($"{i}.wav", seed: i))];
        float[][] expected = [.. paths.Select(path => new FeatureExtractor(FeatureSettings.Default).Extract(path).Values)];
        FeatureCache cache = Cache();
        var threads = Enumerable.Range(0, 4).Select(t => Task.Run(() =>
        {
            for (int i = 0; i < 6; i++) Assert.Equal(expected[(i + t) % 3], cache.Get(paths[(i + t) % 3]).Values);
        }));
        await Task.WhenAll(threads);
        Assert.Equal(3, Entries().Length);
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.FullPath, "*", SearchOption.AllDirectories),
            Core.Serialization.DurableFile.IsTemporary);
    }

    [Theory]
    [InlineData("no such file")]
    [InlineData("")]
    public void A_file_that_cannot_be_decoded_names_itself_and_leaves_no_entry(string name)
    {
        var error = Assert.Throws<AudioDecodeException>(() => Cache().Get(_folder[name]));
        Assert.StartsWith(_folder[name], error.Message, StringComparison.Ordinal);
        File.WriteAllText(_folder["text.wav"], "hello");
        Assert.Throws<AudioDecodeException>(() => Cache().Get(_folder["text.wav"]));
        Assert.Empty(Entries());
    }

    [Theory]
    [InlineData(512, null)]
    [InlineData(20_160, 20_159)]
    public void Lengths_out_of_range_are_refused(int minimum, int? maximum) =>
        Assert.Throws<OptionException>(() => Cache(new() { MinimumSamples = minimum, MaximumSamples = maximum }));

    FeatureCache Cache(FeatureSettings? settings = null) => new(_folder["cache"], settings ?? FeatureSettings.Default);

    string[] Entries() => Directory.GetFiles(_folder["cache"], "*.safetensors", SearchOption.AllDirectories);

    /// <summary>One second of noise at 32 kHz.</summary>
    string Sound(string name, int seed)
    {
        File.WriteAllBytes(_folder[name], WavBytes.Float32(1, 32000, Samples(seed)));
        return _folder[name];
    }

    static float[] Samples(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 32000).Select(_ => random.NextSingle() - 0.5f)];
    }
}
