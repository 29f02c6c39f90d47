using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Models;

public sealed class EmbedderTests : IDisposable
{
    const int Dimension = TinyModel.Dimension;

    readonly RetrievalModel _model;
    readonly FeatureExtractor _features;

    public EmbedderTests()
    {
        _model = TinyModel.Create();
        _model.AudioEncoder.FillByFormula();
        _features = new FeatureExtractor(FeatureSettings.Of(_model.Config.LogMel, ResamplerPreset.High));
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Waveforms_have_the_vectors_of_their_features()
    {
        float[][] clips = [Clip(1, 40_000), Clip(2, 100), Clip(3, 40_000), Clip(4, 33_333)];
        LogMelClip[] features = [.. clips.Select(clip => _features.Extract(clip))];
        float[] expected = Embedder.Clips(_model, clips.Length, i => features[i].Frames, i => features[i], cancellation: Token);
        float[] actual = Embedder.Waveforms(_model, [.. clips.Select(clip => _features.Waveform(clip))], Token);
        Golden.Check(Array.ConvertAll(expected, value => (double)value), actual, 1e-5, "vectors");
    }

    [Fact]
    public void A_waveform_has_the_same_vector_alone_and_among_others()
    {
        float[][] clips = [.. new[] { Clip(1, 40_000), Clip(2, 40_000), Clip(3, 25_000) }.Select(clip => _features.Waveform(clip))];
        float[] together = Embedder.Waveforms(_model, clips, Token);
        for (int i = 0; i < clips.Length; i++)
            Golden.Check(Array.ConvertAll(Embedder.Waveforms(_model, [clips[i]], Token), value => (double)value),
                together.AsSpan(i * Dimension, Dimension), 1e-5, $"clip {i}");
    }

    public void Dispose() => _model.Dispose();

    static float[] Clip(ulong seed, int samples)
    {
        var random = new PhiloxSequence(new Philox(seed));
        return [.. Enumerable.Range(0, samples).Select(i => 0.1f * (float)random.NextNormal() + 0.2f * MathF.Sin(i * 0.02f * seed))];
    }
}
