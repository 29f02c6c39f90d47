using System.Text;
using Microsoft.Extensions.AI;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Hosting.Tests.Generators;

public sealed class AudioGeneratorTests(TinyEngine model) : IClassFixture<TinyEngine>
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sound_has_the_vector_of_its_file()
    {
        var sounds = await Task.WhenAll(Wav("a.wav", 1, 300), Wav("b.wav", 2, 700), Wav("c.wav", 0.1, 900));
        using var generator = new AudioEmbeddingGenerator(model.Engine);
        var generated = await generator.GenerateAsync(sounds, cancellationToken: Token);
        string[] files = ["a.wav", "b.wav", "c.wav"];
        for (int i = 0; i < files.Length; i++)
            Golden.Check(Windows(model[files[i]])[0], generated[i].Vector.Span, 1e-5, files[i]);
        Assert.Equal((3L, 3100L), (generated.Usage!.AdditionalCounts![AudioEmbeddingGenerator.Windows],
            generated.Usage.AdditionalCounts[AudioEmbeddingGenerator.Milliseconds]));
        Assert.All(generated, embedding => Assert.Equal(("tiny", null), (embedding.ModelId, embedding.AdditionalProperties)));
    }

    /// <summary>Eleven seconds are five windows of two and one that ends with the sound: more than are embedded at once.</summary>
    [Fact]
    public async Task A_sound_longer_than_the_window_has_the_mean_of_its_windows()
    {
        var sound = await Wav("long.wav", 11, 500);
        double[][] windows = Windows(model["long.wav"]);
        Assert.Equal(6, windows.Length);
        using var generator = new AudioEmbeddingGenerator(model.Engine);
        var generated = await generator.GenerateAsync([sound], cancellationToken: Token);
        Golden.Check(Mean(windows), generated[0].Vector.Span, 1e-5, "mean");
        Assert.Equal((6L, 11_000L), (generated.Usage!.AdditionalCounts![AudioEmbeddingGenerator.Windows],
            generated.Usage.AdditionalCounts[AudioEmbeddingGenerator.Milliseconds]));
    }

    [Theory]
    [InlineData("lame-stereo.mp3", "audio/mpeg")]
    [InlineData("vorbis.ogg", "application/ogg")]
    [InlineData("sox.flac", "audio/flac")]
    [InlineData("opus.opus", "audio/ogg; codecs=opus")]
    [InlineData("aac.m4a", "video/mp4")]
    public async Task Every_kind_that_the_decoder_reads_is_embedded(string name, string mediaType)
    {
        string path = Fixtures.Small("sounds/" + name);
        Assert.SkipWhen(SoundFormats.Of(path)?.ReadBy is null, $"nothing here reads {name}");
        double[] expected = Mean(Windows(path));
        using var generator = new AudioEmbeddingGenerator(model.Engine);
        byte[] bytes = await File.ReadAllBytesAsync(path, Token);
        foreach (string type in (string[])[mediaType, "application/octet-stream"])
        {
            var embedding = await generator.GenerateAsync(new DataContent(bytes, type), cancellationToken: Token);
            Golden.Check(expected, embedding.Vector.Span, 1e-5, $"{name} as {type}");
        }
    }

    [Theory]
    [InlineData("image/png", true, "sound 0 (x.png): is image/png; expected audio/…, video/… or application/ogg")]
    [InlineData("text/plain", true, "is text/plain; expected audio/…")]
    [InlineData("audio/L16; rate=16000", true, "is audio/l16, samples without a header; put them into a WAV file")]
    [InlineData("audio/wav", false, "is empty (0 bytes)")]
    public async Task What_is_no_sound_is_refused_by_its_media_type(string mediaType, bool hasContent, string reason)
    {
        using var generator = new AudioEmbeddingGenerator(model.Engine);
        var content = new DataContent(hasContent ? new byte[] { 1, 2, 3 } : Array.Empty<byte>(), mediaType) { Name = "x.png" };
        var refusal = await Assert.ThrowsAsync<AudioDecodeException>(() => generator.GenerateAsync([content], cancellationToken: Token));
        Assert.Contains(reason, refusal.Message);
    }

    [Fact]
    public async Task A_sound_that_cannot_be_read_is_named_and_leaves_no_file()
    {
        using var generator = new AudioEmbeddingGenerator(model.Engine);
        var good = await Wav("a.wav", 1, 300);
        byte[] text = Encoding.UTF8.GetBytes($"no sound at all, only text {Guid.NewGuid()}");
        var bad = new DataContent(text, "audio/wav") { Name = "bad\u001b.wav" };
        var refusal = await Assert.ThrowsAsync<AudioDecodeException>(() => generator.GenerateAsync([good, bad], cancellationToken: Token));
        Assert.StartsWith("sound 1 (bad\\x1b.wav): ", refusal.Message);
        Assert.DoesNotContain("nativeretrieval-sound", refusal.ToString());
        Assert.Contains("sound 1 is null",
            (await Assert.ThrowsAsync<OptionException>(() => generator.GenerateAsync([good, null!], cancellationToken: Token))).Message);
        Assert.Single(await generator.GenerateAsync([good], cancellationToken: Token));
        Assert.DoesNotContain(Directory.GetDirectories(Path.GetTempPath(), "nativeretrieval-sound-*"), Holds);

        bool Holds(string folder)
        {
            try
            {
                return File.ReadAllBytes(Path.Combine(folder, "sound")).SequenceEqual(text);
            }
            catch (IOException)
            {
                return false;       // another test's, which went in the meantime
            }
        }
    }

    /// <summary>The header of WAV states the length; ffmpeg, which reads M4A, states none, and the samples are counted.</summary>
    [Theory]
    [InlineData("pcm.wav")]
    [InlineData("aac.m4a")]
    public async Task A_sound_longer_than_the_limit_is_refused(string name)
    {
        WavFile.Write(model["pcm.wav"], 3, 300);
        string path = name == "pcm.wav" ? model[name] : Fixtures.Small("sounds/" + name);
        Assert.SkipWhen(SoundFormats.Of(path)?.ReadBy is null, $"nothing here reads {name}");
        var sound = await DataContent.LoadFromAsync(path, "audio/mp4", Token);
        using var generator = new AudioEmbeddingGenerator(model.Engine, new() { SoundSeconds = 0.2 });
        Assert.Contains($"sound 0 ({name}): has more than 0.2 s",
            (await Assert.ThrowsAsync<AudioDecodeException>(() => generator.GenerateAsync([sound], cancellationToken: Token))).Message);
    }

    [Fact]
    public async Task Damage_that_was_got_past_is_told_with_the_vector()
    {
        WavFile.Write(model["cut.wav"], 1, 300, statedSamples: 32_000);
        var sound = await DataContent.LoadFromAsync(model["cut.wav"], "audio/wav", Token);
        using var generator = new AudioEmbeddingGenerator(model.Engine);
        var embedding = (await generator.GenerateAsync([sound], cancellationToken: Token))[0];
        Assert.NotEqual("", Assert.IsType<string>(embedding.AdditionalProperties![AudioEmbeddingGenerator.Damage]));
    }

    [Fact]
    public async Task Many_callers_at_once_get_what_each_would_get_alone()
    {
        var sounds = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Wav($"{i}.wav", 0.5 + i * 0.7, 200 + 150 * i)));
        using var generator = new AudioEmbeddingGenerator(model.Engine, new() { Waiting = 1, WindowsInPass = 3 });
        var alone = new List<Embedding<float>>();
        foreach (var sound in sounds) alone.Add(await generator.GenerateAsync(sound, cancellationToken: Token));
        await Parallel.ForEachAsync(Enumerable.Range(0, 24), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var together = await generator.GenerateAsync([sounds[i % 6], sounds[(i + 1) % 6]], cancellationToken: Token);
            for (int j = 0; j < 2; j++)
                Golden.Check(Array.ConvertAll(alone[(i + j) % 6].Vector.ToArray(), value => (double)value), together[j].Vector.Span, 1e-5,
                    $"call {i}");
        });
    }

    Task<DataContent> Wav(string name, double seconds, double pitchHz)
    {
        WavFile.Write(model[name], seconds, pitchHz);
        return DataContent.LoadFromAsync(model[name], "audio/wav", Token).AsTask();
    }

    /// <summary>Vectors of a file's windows, one behind the other.</summary>
    double[][] Windows(string path) =>
    [
        .. model.Engine.EmbedFile(path, TinyEngine.WindowSeconds, TinyEngine.WindowSeconds, Token)
            .Select(window => Array.ConvertAll(window.Vector.ToArray(), value => (double)value)),
    ];

    static double[] Mean(double[][] windows)
    {
        double[] sum = [.. Enumerable.Range(0, TinyModel.Dimension).Select(i => windows.Sum(window => window[i]))];
        double length = Math.Sqrt(sum.Sum(value => value * value));
        return Array.ConvertAll(sum, value => value / length);
    }
}
