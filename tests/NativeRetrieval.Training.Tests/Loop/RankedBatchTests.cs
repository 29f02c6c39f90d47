using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Distributed;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Features;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>A batch that ranks share against the same batch on one: loss, gradients, running statistics, with all that is drawn.</summary>
public sealed class RankedBatchTests : IDisposable
{
    const int Batch = 8, Number = 5;

    readonly TemporaryFolder _folder = new();
    readonly Dataset _data;

    public RankedBatchTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 4, clips: Batch + 1, testClips: 1);
        _data = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
    }

    /// <summary>Dropout, masks, shifts and gains are as the preset has them; three ranks have parts of two sizes.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(2, "model.audio_encoder=resnet38")]
    [InlineData(4, "audio.padding=paper", "augmentation.mix_share=0.5")]
    [InlineData(2, "loss.positives=same-text", "loss.teacher_weight=0.7")]
    [InlineData(2, "training.freeze_text_encoder=true", "augmentation.mix_share=0.5")]
    [InlineData(2, "training.freeze_audio_stages=3", "training.freeze_text_stages=2")]
    [InlineData(4, "training.freeze_batch_norm=true")]
    public void Ranks_have_the_loss_and_every_gradient_of_one(int ranks, params string[] overrides) =>
        AssertAlike(ranks, ["training.synchronized_batch_norm=true", .. overrides]);

    /// <summary>The published size of HTS-AT, of which half a batch says the same.</summary>
    [Fact]
    public void Ranks_have_the_loss_and_every_gradient_of_one_with_HTS_AT() =>
        AssertAlike(2, ["training.synchronized_batch_norm=true", "model.audio_encoder=htsat"], [.. Items.Take(Batch / 2)]);

    /// <summary>Chunks are those of one rank: the first of two has one of three, the second two; of four the last has one item.</summary>
    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    [InlineData(2, 7)]
    public void Ranks_that_share_chunks_have_the_loss_every_gradient_and_the_statistics_of_one(int ranks, int chunk) =>
        AssertAlike(ranks, [$"training.chunk_size={chunk}"]);

    /// <summary>A batch that is not full has fewer chunks than ranks: those without one add nothing, and take the same step.</summary>
    [Fact]
    public void A_rank_without_a_chunk_takes_the_step_of_the_others() =>
        AssertAlike(3, ["training.chunk_size=2"], [.. Items.Take(4)]);

    /// <summary>
    /// Clips are filled up to one length: the mean of the parts' means of the input, weighted by their items, is that of the whole batch.
    /// </summary>
    [Fact]
    public void Without_synchronised_batch_norms_running_statistics_move_towards_the_mean_of_the_parts()
    {
        const int MelBins = 64;
        string[] overrides = ["audio.padding=paper"];
        float[][] parts = [.. Step(3, overrides).Select(rank => rank.Statistics)];
        Assert.All(parts, statistics => Assert.Equal(parts[0], statistics));
        float[] whole = Step(1, overrides)[0].Statistics;
        AssertClose(whole[..MelBins], parts[0][..MelBins], 1e-5, "means of the input");
        Assert.True(whole[MelBins..(2 * MelBins)].Sum() > parts[0][MelBins..(2 * MelBins)].Sum(), "variances lack the parts' spread");
    }

    public void Dispose() => _folder.Dispose();

    TrainingItem[] Items => [.. Enumerable.Range(0, Batch).Select(clip => new TrainingItem(clip, 0))];

    void AssertAlike(int ranks, string[] overrides, TrainingItem[]? items = null)
    {
        var one = Step(1, overrides, items)[0];
        var all = Step(ranks, overrides, items);
        foreach (var rank in all)
        {
            Assert.Equal(one.Loss, rank.Loss, 1e-6 * one.Loss);
            Assert.Equal(one.Gradients.Keys, rank.Gradients.Keys);
            foreach (var (name, gradient) in one.Gradients)
            {
                AssertClose(gradient, rank.Gradients[name], 1e-5, name);
                Assert.Equal(all[0].Gradients[name], rank.Gradients[name]);
            }
            AssertClose(one.Statistics, rank.Statistics, 1e-6, "running statistics");
            Assert.Equal(all[0].Statistics, rank.Statistics);
        }
        Assert.NotEmpty(one.Gradients);
    }

    Result[] Step(int ranks, string[] overrides, TrainingItem[]? items = null) => LocalGroup.Run(ranks, group =>
    {
        var settings = SettingsLoader.Load("tiny", [$"training.batch_size={Batch}", "audio.max_seconds=1.5", "training.warmup_steps=0",
            "augmentation.gain_db=6", .. overrides]);
        var features = FeatureStore.Prepare(new FeatureCache(_folder["cache"], RunFeatures.OfTraining(settings)), _data, [], null,
            CancellationToken.None, group);
        using var model = ModelFactory.Create(settings, _data, null, CpuDevice.Shared);
        _ = new TrainedParts(model, settings.Training);
        bool taught = overrides.Any(entry => entry.StartsWith("loss.teacher_weight", StringComparison.Ordinal));
        var texts = new CaptionTable(features.Data, model.Config.Captions, join: false).Texts;
        using var loss = new BatchLoss(model, features, settings, new RunRandom((ulong)settings.Seed),
            taught ? [Teacher(features, texts)] : null, new Ranks(group));
        double value = loss.AddGradient(items ?? Items, Number, null, CancellationToken.None);
        return new Result(value,
            model.Parameters().Where(parameter => parameter.Tensor.Gradient is not null)
                .ToDictionary(parameter => parameter.Name, parameter => parameter.Tensor.Gradient!.ToArray<float>()),
            [.. model.Buffers().SelectMany(buffer => buffer.Tensor.ToArray<float>())]);
    });

    static EvaluationVectors Teacher(FeatureStore features, IReadOnlyList<string> texts) =>
        new(3, [.. features.Data.Clips.Select(clip => clip.FileName)],
            [.. Enumerable.Range(0, features.Data.Clips.Count).SelectMany(TeacherVector)], texts,
            [.. Enumerable.Range(1000, texts.Count).SelectMany(TeacherVector)]);

    static float[] TeacherVector(int number)
    {
        float[] vector = [MathF.Sin(number), MathF.Cos(3 * number), 0.5f];
        float length = MathF.Sqrt(vector.Sum(value => value * value));
        return [.. vector.Select(value => value / length)];
    }

    /// <summary>Relative L2; the gradient of a key's bias is 0 in mathematics and compared absolutely.</summary>
    static void AssertClose(float[] expected, float[] actual, double tolerance, string name)
    {
        double difference = Math.Sqrt(expected.Zip(actual, (a, b) => ((double)a - b) * ((double)a - b)).Sum());
        double norm = Math.Sqrt(expected.Sum(value => (double)value * value));
        Assert.True(difference <= tolerance * Math.Max(norm, name.EndsWith("self.key.bias", StringComparison.Ordinal) ? 1 : 0),
            $"{name}: {difference:G3} of {norm:G3}");
    }

    sealed record Result(double Loss, Dictionary<string, float[]> Gradients, float[] Statistics);
}
