using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>
/// The parts of a run that no golden file of a training run holds, against small implementations of the rules of the report's authors'
/// code: the order of the pairs, the steps of the learning rate, and the distribution of the masks.
/// </summary>
public sealed class AuthorsRulesTests
{
    const int Clips = 3839, CaptionsPerClip = 5, Epochs = 50;

    static readonly OptimizationSettings _paper = SettingsLoader.Load("paper", []).Training;

    /// <summary>
    /// Pair i of Clotho is caption i mod 5 of clip i div 5; pairs are shuffled anew each epoch, and the last 27 of 19,195 left out.
    /// </summary>
    [Fact]
    public void An_epoch_is_a_permutation_of_all_pairs_without_the_last_partial_batch()
    {
        var sampler = Sampler(Clips, CaptionsPerClip);
        TrainingItem[] pairs = [.. Enumerable.Range(0, Clips * CaptionsPerClip)
            .Select(i => new TrainingItem(i / CaptionsPerClip, i % CaptionsPerClip))];
        int batches = pairs.Length / _paper.BatchSize;
        Assert.Equal((599, 27), (batches, pairs.Length % _paper.BatchSize));
        Assert.Equal(batches, sampler.BatchesPerEpoch);
        var leftOut = new HashSet<TrainingItem>();
        for (int epoch = 0; epoch < 3; epoch++)
        {
            var seen = new HashSet<TrainingItem>();
            for (int batch = 0; batch < batches; batch++)
            {
                Assert.Equal(_paper.BatchSize, sampler.Batch(epoch, batch).Length);
                foreach (var item in sampler.Batch(epoch, batch)) Assert.True(seen.Add(item), $"{item} came twice");
            }
            Assert.Equal(27, pairs.Except(seen).Count());
            leftOut.UnionWith(pairs.Except(seen));
        }
        Assert.True(leftOut.Count > 27, "the same pairs are left out of every epoch");
    }

    /// <summary>The χ² of the 24 orders of four pairs over 24,000 epochs; of equally likely ones 99.9 % lie below 49.7.</summary>
    [Fact]
    public void Every_order_of_the_pairs_is_equally_likely()
    {
        const int EpochsDrawn = 24_000, Orders = 24;
        var sampler = new EpochSampler(Data(2, 2), CaptionSampling.All, batchSize: 4, dropLastBatch: true, new RunRandom(1));
        var counts = new Dictionary<string, int>();
        for (int epoch = 0; epoch < EpochsDrawn; epoch++)
        {
            string order = string.Join(' ', sampler.Batch(epoch, 0).ToArray().Select(item => item.Clip * 2 + item.Caption));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(Orders, counts.Count);
        double expected = (double)EpochsDrawn / Orders;
        Assert.InRange(counts.Values.Sum(count => (count - expected) * (count - expected) / expected), 0, 49.7);
    }

    /// <summary>A scheduler that is stepped after each epoch and multiplies the rate by 0.1 at every 20th.</summary>
    [Fact]
    public void The_rate_of_every_step_is_that_of_a_scheduler_stepped_each_epoch()
    {
        const int Steps = 599;
        double rate = 1e-4;
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            foreach (int step in (int[])[0, 1, Steps - 1])
            {
                double factor = _paper.LearningRateSchedule.Factor(epoch * Steps + step, Steps, Epochs * Steps);
                Assert.Equal(rate, _paper.LearningRate * factor, rate * 1e-12);
            }
            if ((epoch + 1) % 20 == 0) rate *= 0.1;
        }
        Assert.Equal(1e-6, rate, 1e-18);
        Assert.Equal(Epochs, _paper.Epochs);
    }

    /// <summary>
    /// The authors draw a width from 0 … limit − 1 and a start from 0 … extent − width − 1, each with equal probabilities. Of the 2³²
    /// numbers the first that gives a value and the one before it tell how many give it: all that there are, exactly.
    /// </summary>
    [Theory]
    [InlineData(0, 64, 101)]
    [InlineData(1, 64, 3001)]
    [InlineData(2, 8, 64)]
    [InlineData(3, 8, 64)]
    public void Widths_and_starts_of_a_mask_are_uniform_over_the_authors_ranges(int stripe, int limit, int extent)
    {
        var masks = SettingsLoader.Load("paper", []).Augmentation.SpecAugment;
        (int frames, int bins) = stripe < 2 ? (extent, 64) : (1001, extent);
        for (int width = 0; width < limit; width++)
        {
            uint first = First(width, limit);
            Assert.Equal(width, Stripe(first, 0).Width);
            if (width > 0) Assert.Equal(width - 1, Stripe(first - 1, 0).Width);
            for (int start = 0; start < extent - width; start++)
            {
                uint second = First(start, extent - width);
                Assert.Equal((start, width), Stripe(first, second));
                if (start > 0) Assert.Equal((start - 1, width), Stripe(first, second - 1));
            }
            Assert.Equal((extent - width - 1, width), Stripe(first, uint.MaxValue));
        }
        Assert.Equal(limit - 1, Stripe(uint.MaxValue, 0).Width);

        (int Start, int Width) Stripe(uint a, uint b) => masks.Stripe(a, b, stripe, frames, bins);

        // ⌈value · 2³² / bound⌉: the values' counts of numbers differ by at most one.
        static uint First(int value, int bound) => (uint)(((ulong)value * (1UL << 32) + (ulong)bound - 1) / (ulong)bound);
    }

    /// <summary>Two stripes in time and two over mel bins for each clip, each of two numbers that no other has.</summary>
    [Fact]
    public void Every_stripe_of_every_clip_has_numbers_of_its_own()
    {
        var masks = SettingsLoader.Load("paper", []).Augmentation.SpecAugment;
        Assert.Equal((2, 2), (masks.TimeStripes, masks.MelStripes));
        var stream = new Philox(3, 11);
        for (int clip = 0; clip < 6; clip++)
            for (int stripe = 0; stripe < 4; stripe++)
            {
                ulong place = 2 * (ulong)(clip * 4 + stripe);
                Assert.Equal(masks.Stripe(stream.UInt32(place), stream.UInt32(place + 1), stripe, 501, 64),
                    masks.Stripe(stream, clip, stripe, 501, 64));
            }
    }

    static EpochSampler Sampler(int clips, int captions) =>
        new(Data(clips, captions), CaptionSampling.All, _paper.BatchSize, _paper.DropLastBatch, new RunRandom(5));

    static Dataset Data(int clips, int captions) => new("authors", [.. Enumerable.Range(0, clips).Select(clip =>
        new Clip($"{clip}.wav", $"{clip}.wav", [.. Enumerable.Range(0, captions).Select(caption => $"{clip} {caption}")], 0))]);
}
