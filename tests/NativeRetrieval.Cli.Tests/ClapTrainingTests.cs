using System.Text.Json.Nodes;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Demo;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Fine-tuning of a narrow CLAP, HTS-AT and RoBERTa, on four sounds.</summary>
public sealed class ClapTrainingTests : IDisposable
{
    const string Clap = "fixtures/clap";

    /// <summary>Without anything random, and with the batch norm's stored statistics.</summary>
    static readonly string[] _plain =
    [
        "model.audio_dropout=0", "text.dropout=0", "augmentation.time_stripes=0", "augmentation.mel_stripes=0",
        "training.freeze_batch_norm=true", "training.lr=0.003", "training.epochs=12",
    ];

    readonly TemporaryFolder _folder = new();
    readonly string? _clap = Fixtures.Shared(Clap);
    readonly DemoCollection _demo;

    public ClapTrainingTests()
    {
        _demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 8, testClips: 4);
        if (_clap is null) return;
        Directory.CreateDirectory(_folder["source"]);
        foreach (string path in (string[])["clap-tiny/model.safetensors", "clap-tiny/config.json", "bpe/vocab.json", "bpe/merges.txt"])
            File.WriteAllBytes(Path.Combine(_folder["source"], Path.GetFileName(path)), File.ReadAllBytes(Path.Combine(_clap, path)));
        var front = JsonNode.Parse(File.ReadAllText(Path.Combine(_clap, "preprocessor_config.json")))!;
        (front["feature_size"], front["max_length_s"], front["chunk_length_s"]) = (32, 5, 5);
        File.WriteAllText(_folder["source/preprocessor_config.json"], front.ToJsonString());
        CheckpointConversion.Run(new() { Checkpoint = _folder["source"], Target = _folder["clap"] });
    }

    [Fact]
    public async Task Four_sounds_are_learned_by_heart()
    {
        double[] losses = await Train("run", _plain);
        Assert.True(losses[^1] < losses[0] / 2, string.Join(", ", losses));
    }

    [Fact]
    public async Task Masks_on_the_spectrogram_are_learned_through()
    {
        double[] plain = await Train("plain", _plain);
        double[] masked = await Train("masked", [.. _plain, "augmentation.time_stripes=2", "augmentation.mel_stripes=2"]);
        Assert.All(masked, loss => Assert.True(double.IsFinite(loss)));
        Assert.NotEqual(plain[0], masked[0]);
        Assert.True(masked[^1] < masked[0], string.Join(", ", masked));
    }

    [Fact]
    public async Task Chunks_have_the_losses_of_the_whole_batch()
    {
        double[] whole = await Train("whole", _plain);
        double[] chunks = await Train("chunks", [.. _plain, "training.chunk_size=3"]);
        Assert.Equal(whole.Length, chunks.Length);
        // Adam divides rounding by rounding where a gradient is 0 in mathematics: the first steps agree, later ones drift apart.
        for (int step = 0; step < 4; step++) Assert.Equal(whole[step], chunks[step], 1e-4 * whole[step]);
        Assert.True(chunks[^1] < chunks[0] / 2, string.Join(", ", chunks));
    }

    [Theory]
    [InlineData("audio_enc.", "training.freeze_audio_stages=3", "audio_enc.bn0.", "audio_enc.patch_embed.", "audio_enc.layers.0.")]
    [InlineData("text_enc.", "training.freeze_text_stages=2", "text_enc.embeddings.", "text_enc.encoder.layer.0.")]
    [InlineData("audio_enc.", "training.freeze_audio_encoder=true", "audio_enc.")]
    [InlineData("text_enc.", "training.freeze_text_encoder=true", "text_enc.")]
    public async Task Frozen_parts_keep_every_bit_and_the_rest_learns(string side, string setting, params string[] frozen)
    {
        double[] losses = await Train("run", [.. _plain, setting]);
        Assert.True(losses[^1] < losses[0], string.Join(", ", losses));
        using SafetensorsFile before = SafetensorsFile.Open(_folder["clap/model.safetensors"]),
            after = SafetensorsFile.Open(_folder["run/model.safetensors"]);
        Assert.All(frozen, prefix => Assert.Contains(before.Names, name => name.StartsWith(prefix, StringComparison.Ordinal)));
        foreach (string name in before.Names)
        {
            bool kept = before.Bytes(name).SequenceEqual(after.Bytes(name));
            if (frozen.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))) Assert.True(kept, $"{name} has changed");
            else if (name.EndsWith(".weight", StringComparison.Ordinal)) Assert.False(kept, $"{name} has not changed");
        }
        Assert.Contains(before.Names, name => name.StartsWith(side, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    async Task<double[]> Train(string run, string[] settings)
    {
        if (_clap is null) Assert.Skip(Fixtures.WhyAbsent(Clap));
        var result = await CommandLine.Run(["train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--init-from", _folder["clap"], "--to",
            _folder[run], "--cache", _folder["features"], "--device", "cpu", "--set", "training.batch_size=4",
            "--set", "data.captions=one-per-clip", .. settings.SelectMany(setting => (string[])["--set", setting])]);
        Assert.True(result.ExitCode == 0, result.Error);
        return [.. File.ReadLines(_folder[$"{run}/metrics.jsonl"]).Select(line => JsonNode.Parse(line)!["loss"]).OfType<JsonNode>()
            .Select(loss => loss.GetValue<double>())];
    }
}
