using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;

namespace NativeRetrieval.Tests.Models;

public sealed class AudioBatchTests
{
    [Fact]
    public void Under_paper_padding_silence_is_heard_up_to_the_batchs_longest()
    {
        using var scope = TensorScope.Begin();
        var clip = new FeatureExtractor(FeatureSettings.Default).Extract(new float[32_000]);
        var batch = AudioBatch.Paper([clip], 150, CpuDevice.Shared);
        Assert.Null(batch.Lengths);
        Assert.Equal([1, 1, 150, 64], batch.LogMel.Shape.Sizes.ToArray());
        Assert.All(batch.LogMel.ToArray<float>(), value => Assert.Equal(-100, value, 1e-3f));
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
