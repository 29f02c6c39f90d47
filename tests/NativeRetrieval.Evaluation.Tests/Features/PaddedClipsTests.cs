using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Features;

/// <summary>Clips of unequal lengths under each padding rule, against waveforms that are padded by hand and embedded one by one.</summary>
public sealed class PaddedClipsTests : IDisposable
{
    const int RateHz = 32_000;
    const double Tolerance = 1e-5, WindowSeconds = 2;

    /// <summary>Samples of the clips: the third lacks less than half a window of the second, the last less than a hop.</summary>
    static readonly int[] _samples = [25_600, 40_000, 39_700, 30_001, 39_999];

    /// <summary>Captions of the clips. In batches of two pairs: 0 and 1, 1 and 2, 3 and 3, 4.</summary>
    static readonly int[] _captions = [1, 2, 1, 2, 1];

    /// <summary>The lengths that the authors' batches give the clips: the longest beside each clip's first caption.</summary>
    static readonly int[] _inBatches = [40_000, 40_000, 40_000, 30_001, 39_999];

    readonly TemporaryFolder _folder = new();
    readonly float[][] _waveforms;
    readonly Dataset _data;

    public PaddedClipsTests()
    {
        var random = new PhiloxSequence(new Philox(4));
        short[][] waveforms = [.. _samples.Select(count =>
            Enumerable.Range(0, count).Select(_ => (short)(random.NextBelow(20_000) - 10_000)).ToArray())];
        for (int i = 0; i < waveforms.Length; i++) WavFile.Write(_folder[$"{i}.wav"], waveforms[i], RateHz);
        _waveforms = [.. waveforms.Select(clip => clip.Select(sample => sample / 32768f).ToArray())];
        _data = new Dataset("test", [.. _samples.Select((_, i) => new Clip($"{i}.wav", _folder[$"{i}.wav"],
            [.. Enumerable.Range(0, _captions[i]).Select(caption => $"sound {i} {caption}")], 0))]);
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Under_paper_a_clip_is_followed_by_silence_up_to_the_longest_of_its_batch()
    {
        using var model = Model(PaddingRule.Paper, batch: 2);
        using var plain = Model(PaddingRule.OwnLength);
        Assert.Equal(_inBatches, PaddedBatches.Longest(_data.Clips, i => _samples[i], batchSize: 2));
        var vectors = Embedded(model);
        Check(model, vectors, i => _inBatches[i]);
        Assert.True(Distance(vectors[0], Embedded(plain)[0]) > 100 * Tolerance);
    }

    [Fact]
    public void A_paper_model_without_a_batch_size_has_the_reports()
    {
        using var model = Model(PaddingRule.Paper);
        Check(model, Embedded(model), _ => _samples.Max());
    }

    [Fact]
    public void Under_window_every_clip_is_followed_by_silence_up_to_the_models_window()
    {
        using var model = Model(PaddingRule.Window);
        Check(model, Embedded(model), _ => (int)(WindowSeconds * RateHz));
    }

    [Fact]
    public void By_default_a_clip_is_heard_in_its_own_length()
    {
        using var model = Model(new RetrievalModelConfig().Padding);
        Check(model, Embedded(model), i => _samples[i]);
    }

    /// <summary>Every number of zeros around half a window, where the reflection at the waveform's end stops to hear the clip.</summary>
    [Fact]
    public void A_padded_log_mel_is_that_of_the_padded_waveform()
    {
        using var model = Model(PaddingRule.Paper);
        var store = Store(model);
        foreach (int added in (int[])[0, 1, 319, 320, 511, 512, 513, 1023, 1024, 1025, 20_000])
        {
            int samples = _samples[3] + added;
            var expected = new FeatureExtractor(FeatureSettings.Default).Extract(Padded(3, samples));
            var actual = store.LoadPadded(3, samples);
            Assert.Equal(expected.Frames, actual.Frames);
            Golden.Check([.. expected.Values.Select(value => (double)value)], actual.Values, 1e-6, $"{added} zeros");
        }
    }

    public void Dispose() => _folder.Dispose();

    void Check(RetrievalModel model, float[][] vectors, Func<int, int> samples)
    {
        for (int i = 0; i < vectors.Length; i++)
        {
            using var scope = TensorScope.Begin();
            var alone = Tensor.From(Padded(i, samples(i)), [1, samples(i)], CpuDevice.Shared);
            float[] expected = Op.L2Normalize(model.EmbedWaveform(alone, lengths: null)).ToArray<float>();
            Golden.Check([.. expected.Select(value => (double)value)], vectors[i], Tolerance, $"clip {i}");
        }
    }

    float[] Padded(int clip, int samples)
    {
        var padded = new float[samples];
        _waveforms[clip].CopyTo(padded, 0);
        return padded;
    }

    float[][] Embedded(RetrievalModel model) =>
        [.. Evaluator.Embed(model, Store(model), ["a sound"], cancellation: Token).Clips.Chunk(model.Config.EmbeddingDimension)];

    FeatureStore Store(RetrievalModel model) =>
        FeatureStore.Prepare(new FeatureCache(_folder["cache"], ModelFeatures.Of(model.Config)), _data, [], null, Token);

    static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));

    static RetrievalModel Model(PaddingRule padding, int? batch = null) =>
        TinyModel.Create(config => config with { Padding = padding, PaddedBatch = batch, MaxSeconds = WindowSeconds });
}
