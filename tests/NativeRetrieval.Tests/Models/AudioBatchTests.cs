using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Models;

public sealed class AudioBatchTests
{
    /// <summary>The published behaviour: waveforms are zero-padded to the batch's longest before the transform.</summary>
    [Fact]
    public void Paper_padding_equals_the_transform_of_zero_padded_waveforms()
    {
        using var scope = TensorScope.Begin();
        int[] lengths = [40_000, 25_600, 30_001];
        var random = new PhiloxSequence(new Philox(4));
        float[][] waveforms = [.. lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.NextUniform() - 0.5f).ToArray())];
        var padded = new float[lengths.Length * lengths.Max()];
        for (int i = 0; i < lengths.Length; i++) waveforms[i].CopyTo(padded, i * lengths.Max());
        var expected = Op.LogMel(Tensor.From(padded, [lengths.Length, lengths.Max()], CpuDevice.Shared), LogMelSettings.Default);

        var plain = new FeatureExtractor(FeatureSettings.Default);
        var silenced = new FeatureExtractor(FeatureSettings.Default with { TrailingSilenceSamples = 1024 });
        var batch = AudioBatch.Paper([.. waveforms.Select(w => plain.Extract(w))], [.. waveforms.Select(w => silenced.Extract(w))],
            waveforms.Max(w => plain.Extract(w).Frames), CpuDevice.Shared);
        Assert.Null(batch.Lengths);
        Assert.Equal(expected.Shape, batch.LogMel.Shape);
        Golden.Check([.. expected.ToArray<float>().Select(v => (double)v)], batch.LogMel.ToArray<float>(), 1e-6, "log-mel");
    }

    [Fact]
    public void Own_lengths_are_the_clips_frames()
    {
        using var scope = TensorScope.Begin();
        var extractor = new FeatureExtractor(FeatureSettings.Default);
        // The second is padded to 20,160 samples.
        LogMelClip[] clips = [extractor.Extract(new float[32_000]), extractor.Extract(new float[100])];
        var batch = AudioBatch.OwnLength(clips, CpuDevice.Shared);
        Assert.Equal([101, 64], batch.Lengths!);
        Assert.Equal([2, 1, 101, 64], batch.LogMel.Shape.Sizes.ToArray());
    }
}
