using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Tests.Data;

public sealed class EpochSamplerTests
{
    [Fact]
    public void EveryCaptionComesOnceAnEpoch()
    {
        var sampler = new EpochSampler(Data(7, 3), CaptionSampling.All, 4, dropLastBatch: false, new RunRandom(1));
        Assert.Equal((21, 5, 21), (sampler.ItemsPerEpoch, sampler.BatchesPerEpoch, sampler.PairsPerEpoch));
        var items = Enumerable.Range(0, 5).SelectMany(step => sampler.Batch(3, step).ToArray()).ToList();
        Assert.Equal(21, items.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 21).Select(i => new TrainingItem(i / 3, i % 3)), items.OrderBy(item => item.Clip)
            .ThenBy(item => item.Caption));
        Assert.Equal(5, sampler.Batch(0, 4).Length);
    }

    [Fact]
    public void EveryClipComesOnceAnEpochWithADrawnCaption()
    {
        var sampler = new EpochSampler(Data(50, 5), CaptionSampling.OnePerClip, 10, dropLastBatch: true, new RunRandom(1));
        var drawn = new HashSet<TrainingItem>();
        for (int epoch = 0; epoch < 40; epoch++)
        {
            var items = Enumerable.Range(0, 5).SelectMany(step => sampler.Batch(epoch, step).ToArray()).ToList();
            Assert.Equal(Enumerable.Range(0, 50), items.Select(item => item.Clip).Order());
            drawn.UnionWith(items);
        }
        Assert.True(drawn.Count > 245, $"{drawn.Count} of 250 captions came in 40 epochs");
    }

    [Fact]
    public void TheLastPartialBatchIsDroppedAndHoldsOtherItemsEachEpoch()
    {
        var sampler = new EpochSampler(Data(11, 1), CaptionSampling.All, 4, dropLastBatch: true, new RunRandom(2));
        Assert.Equal(2, sampler.BatchesPerEpoch);
        var seen = Enumerable.Range(0, 10)
            .SelectMany(epoch => Enumerable.Range(0, 2).SelectMany(step => sampler.Batch(epoch, step).ToArray())).Select(item => item.Clip);
        Assert.Equal(11, seen.Distinct().Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => { sampler.Batch(0, 2); });
    }

    [Fact]
    public void ABatchDependsOnSeedEpochAndStepAlone()
    {
        var one = new EpochSampler(Data(40, 5), CaptionSampling.OnePerClip, 8, true, new RunRandom(9));
        var other = new EpochSampler(Data(40, 5), CaptionSampling.OnePerClip, 8, true, new RunRandom(9));
        for (int step = 0; step < 5; step++) one.Batch(0, step);
        Assert.Equal(one.Batch(6, 3), other.Batch(6, 3));
        Assert.NotEqual(one.Batch(6, 3).ToArray(), one.Batch(7, 3).ToArray());
        Assert.NotEqual(one.Batch(6, 3).ToArray(), new EpochSampler(Data(40, 5), CaptionSampling.OnePerClip, 8, true, new RunRandom(10))
            .Batch(6, 3).ToArray());
    }

    [Theory]
    [InlineData(8, 4, false, "4 4")]
    [InlineData(9, 4, false, "4 5")]
    [InlineData(9, 4, true, "4 4")]
    [InlineData(10, 4, false, "4 4 2")]
    [InlineData(10, 4, true, "4 4")]
    [InlineData(3, 4, true, "3")]
    [InlineData(3, 4, false, "3")]
    [InlineData(5, 4, false, "5")]
    [InlineData(5, 4, true, "4")]
    [InlineData(3, 2, false, "3")]
    public void NoBatchIsASingleItemAndSmallDataIsOneBatch(int items, int batchSize, bool dropLastBatch, string sizes)
    {
        var sampler = new EpochSampler(Data(items, 1), CaptionSampling.All, batchSize, dropLastBatch, new RunRandom(4));
        int[] found = [.. Enumerable.Range(0, sampler.BatchesPerEpoch).Select(step => sampler.Batch(0, step).Length)];
        Assert.Equal(sizes, string.Join(' ', found));
        Assert.Equal(found.Sum(), sampler.PairsPerEpoch);
        var drawn = Enumerable.Range(0, found.Length).SelectMany(step => sampler.Batch(0, step).ToArray());
        Assert.Equal(found.Sum(), drawn.Distinct().Count());
    }

    /// <summary>Six clips carry one caption, two another: at balance 1 each caption is heard equally often, over the clips evenly.</summary>
    [Theory]
    [InlineData(CaptionSampling.OnePerClip, 0, 6, 2)]
    [InlineData(CaptionSampling.OnePerClip, 0.5, 5.07, 2.93)]
    [InlineData(CaptionSampling.OnePerClip, 1, 4, 4)]
    [InlineData(CaptionSampling.All, 1, 4, 4)]
    public void ABalancedEpochHasTheSameSizeAndRareCaptionsOftener(CaptionSampling captions, double balance, double common, double rare)
    {
        const int epochs = 300;
        var data = new Dataset("captions.csv", [.. Enumerable.Range(0, 8).Select(i =>
            new Clip($"{i}.wav", $"/{i}.wav", [i < 6 ? "rain" : "a bell"], i + 2))]);
        var sampler = new EpochSampler(data, captions, 4, dropLastBatch: false, new RunRandom(3), balance);
        Assert.Equal(8, sampler.PairsPerEpoch);
        int[] times = new int[8];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            int[] clips = [.. Enumerable.Range(0, sampler.BatchesPerEpoch)
                .SelectMany(step => sampler.Batch(epoch, step).ToArray()).Select(item => item.Clip)];
            Assert.Equal(8, clips.Length);
            foreach (int clip in clips) times[clip]++;
            double share = rare / 2;
            Assert.All([6, 7], clip => Assert.InRange(clips.Count(c => c == clip), Math.Floor(share), Math.Ceiling(share)));
        }
        for (int clip = 0; clip < 8; clip++)
            Assert.Equal(clip < 6 ? common / 6 : rare / 2, times[clip] / (double)epochs, tolerance: 0.08);
    }

    [Fact]
    public void RepetitionsOfAClipDrawTheirCaptionsForThemselves()
    {
        string[] sentences = [.. Enumerable.Range(0, 50).Select(j => $"bell {j}")];
        var data = new Dataset("captions.csv", [.. Enumerable.Range(0, 41).Select(i =>
            new Clip($"{i}.wav", $"/{i}.wav", i < 40 ? ["rain"] : sentences, i + 2))]);
        var sampler = new EpochSampler(data, CaptionSampling.OnePerClip, 41, dropLastBatch: false, new RunRandom(3), balance: 1);
        var captions = sampler.Batch(0, 0).ToArray().Where(item => item.Clip == 40).Select(item => item.Caption).ToArray();
        Assert.InRange(captions.Length, 20, 21);
        Assert.InRange(captions.Distinct().Count(), 12, 21);
    }

    [Fact]
    public void ABatchOfOneIsRefused()
    {
        Assert.Contains("a batch of one has no negatives", Refused(Data(3, 1), batchSize: 1));
        Assert.Contains("captions.csv: an epoch has 1 pair of clip and caption", Refused(Data(1, 1), batchSize: 4));

        static string Refused(Dataset data, int batchSize) => Assert.Throws<OptionException>(() =>
            new EpochSampler(data, CaptionSampling.All, batchSize, dropLastBatch: false, new RunRandom(0))).Message;
    }

    static Dataset Data(int clips, int captions) =>
        new("captions.csv", [.. Enumerable.Range(0, clips).Select(i =>
            new Clip($"{i}.wav", $"/{i}.wav", [.. Enumerable.Range(0, captions).Select(j => $"{i} {j}")], i + 2))]);
}
