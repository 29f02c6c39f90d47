using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Training.Features;

namespace NativeRetrieval.Training.Tests.Features;

/// <summary>Batches of training are padded to few lengths, and what they are padded by is never heard.</summary>
public sealed class PaddedFramesTests
{
    const int Bins = 64;

    public static TheoryData<string> Encoders => [.. AudioArchitecture.All.Select(architecture => architecture.Key)];

    [Theory]
    [InlineData(64, 3001, 64)]
    [InlineData(65, 3001, 96)]
    [InlineData(1000, 3001, 1024)]
    [InlineData(1001, 1001, 1001)] // clips of one length, and the longest there are
    [InlineData(1001, 1010, 1010)]
    [InlineData(1001, 3001, 1024)]
    [InlineData(1025, 3001, 1088)]
    [InlineData(2049, 3001, 2176)]
    [InlineData(2950, 3001, 3001)]
    public void Lengths_are_rounded_up_to_a_few(int longest, int most, int expected) =>
        Assert.Equal(expected, PaddedFrames.Of(longest, most));

    /// <summary>Clips of 0.63 to 30 seconds, and those of whole recordings of ten minutes.</summary>
    [Theory]
    [InlineData(64, 3001, 56)]
    [InlineData(64, 60_001, 125)]
    public void All_lengths_become_few_and_a_sixteenth_is_added_at_most(int least, int most, int sizes)
    {
        int[] padded = [.. Enumerable.Range(least, most - least + 1).Select(frames => PaddedFrames.Of(frames, most))];
        Assert.InRange(padded.Distinct().Count(), 2, sizes);
        for (int i = 0; i < padded.Length; i++)
            Assert.InRange(padded[i] - (least + i), 0, Math.Max(31, (least + i) / 16));
        Assert.True(padded.Zip(padded.Skip(1)).All(pair => pair.First <= pair.Second));
    }

    /// <summary>
    /// In training with masks and statistics of the batch, without dropout, whose draws padding numbers: vectors, gradients and running
    /// statistics are those of a batch that is as long as its longest clip.
    /// </summary>
    [Theory, MemberData(nameof(Encoders))]
    public void What_a_batch_is_padded_by_changes_no_value(string key)
    {
        int[] lengths = [73, 65, 90];
        var (vectors, changed) = Train(frames: 90);
        foreach (int frames in (int[])[96, 127])
        {
            var (paddedVectors, paddedChanged) = Train(frames);
            AssertClose(vectors, paddedVectors, "vectors");
            foreach (var (name, values) in changed) AssertClose(values, paddedChanged[name], name);
        }

        (float[] Vectors, Dictionary<string, float[]> Changed) Train(int frames)
        {
            using var scope = TensorScope.Begin();
            using var encoder = AudioEncoder.Create(Small(key) with { Dropout = 0 }, CpuDevice.Shared, new PhiloxSequence(new Philox(5)));
            LogMelClip[] clips = [.. lengths.Select((length, clip) => Clip(length, clip))];
            var batch = AudioBatch.OwnLength(clips, CpuDevice.Shared, frames);
            Assert.Equal(frames, batch.LogMel.Shape[2]);
            using var tape = Tape.Begin();
            var vectors = encoder.Forward(SoundInputs.Of(batch.LogMel, batch.Lengths), new TrainingPass(3, 1), new SpecAugmentOptions());
            var weights = new PhiloxSequence(new Philox(11));
            float[] upstream = [.. Enumerable.Range(0, (int)vectors.Shape.Count).Select(_ => (float)weights.NextNormal())];
            tape.Backward(vectors, Tensor.From(upstream, vectors.Shape, CpuDevice.Shared));
            return (vectors.ToArray<float>(), encoder.Parameters().Select(item => (item.Name, Tensor: item.Tensor.Gradient!))
                .Concat(encoder.Buffers())
                .ToDictionary(item => item.Name, item => item.Tensor.ToArray<float>()));
        }
    }

    [Fact]
    public void A_batch_that_is_too_short_for_a_clip_is_refused() =>
        Assert.Contains("a batch of 72 frames cannot hold a clip of 73",
            Assert.Throws<ShapeException>(() => AudioBatch.OwnLength([Clip(73, 0)], CpuDevice.Shared, frames: 72)).Message);

    static LogMelClip Clip(int frames, int number)
    {
        var random = new PhiloxSequence(new Philox(17, (ulong)number));
        float[] values = [.. Enumerable.Range(0, frames * Bins).Select(_ => (float)(-40 + 20 * random.NextNormal()))];
        return new(values, frames, Bins, Samples: frames * 320);
    }

    static AudioEncoderConfig Small(string key) =>
        AudioArchitecture.All.Single(architecture => architecture.Key == key).Published switch
        {
            ConvolutionalEncoderConfig config => config with { Channels = [.. config.Channels.Select((_, block) => block < 3 ? 4 : 8)] },
            HtsAtConfig => new HtsAtConfig { ImageSize = 128, PatchSize = 8, PatchWidth = 4, Depths = [2, 1], Heads = [2, 2], Window = 4 },
            var other => throw new NotSupportedException(other.ToString()),
        };

    /// <summary>Sums of other lengths are rounded otherwise; a gradient that is 0 in mathematics is compared absolutely.</summary>
    static void AssertClose(float[] expected, float[] actual, string name)
    {
        const double Tolerance = 2e-5, Nothing = 1e-4;
        double difference = Math.Sqrt(expected.Zip(actual, (a, b) => ((double)a - b) * ((double)a - b)).Sum());
        double norm = Math.Sqrt(expected.Sum(value => (double)value * value));
        Assert.True(difference <= Tolerance * Math.Max(norm, Nothing), $"{name}: {difference:G3} of {norm:G3}");
    }
}
