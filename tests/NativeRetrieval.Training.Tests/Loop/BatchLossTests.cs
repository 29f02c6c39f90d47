using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Features;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>The loss of a batch and its gradient, at once and in chunks.</summary>
public sealed class BatchLossTests : IDisposable
{
    const int Batch = 8, Chunk = 3, Number = 5;

    /// <summary>Without randomness, so that a chunk's numbers do not differ from those of the whole batch.</summary>
    static readonly string[] _deterministic =
        ["model.audio_dropout=0", "text.dropout=0", "augmentation.time_stripes=0", "augmentation.mel_stripes=0",
            "training.freeze_batch_norm=true"];

    readonly TemporaryFolder _folder = new();
    readonly Dataset _data;

    public BatchLossTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 4, clips: Batch + 1, testClips: 1);
        _data = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
    }

    [Theory]
    [InlineData("audio.padding=own-length", 1e-5)]
    [InlineData("audio.padding=paper", 1e-5)]
    [InlineData("augmentation.mix_share=0.5", 1e-5)]
    [InlineData("loss.teacher_weight=0.7", 1e-5)]
    [InlineData("model.text_head_width=0", 1e-5)]
    [InlineData("model.text_head_width=0 training.freeze_text_encoder=true", 1e-5)]
    public void Chunks_have_the_loss_and_every_gradient_of_the_whole_batch(string options, double tolerance)
    {
        string[] settings = [.. _deterministic, .. options.Split(' ')];
        var whole = Gradients(settings, out double expected);
        var chunked = Gradients([.. settings, $"training.chunk_size={Chunk}"], out double actual);
        Assert.Equal(expected, actual, tolerance * expected);
        Assert.Equal(whole.Count, chunked.Count);
        foreach (var (name, gradient) in whole) AssertClose(gradient, chunked[name], tolerance, name);
    }

    /// <summary>The oracle is cross-entropy by its definition, in float64.</summary>
    [Fact]
    public void A_teacher_takes_its_share_of_the_loss()
    {
        string[] shared = [.. _deterministic, "loss.loss_scale=mean", "loss.teacher_temperature=0.05"];
        Gradients([.. shared, "loss.teacher_weight=0"], out double alone);
        Gradients([.. shared, "loss.teacher_weight=1"], out double taught);
        Gradients([.. shared, "loss.teacher_weight=0.3"], out double both);
        Assert.Equal(0.7 * alone + 0.3 * taught, both, 1e-5 * both);

        using var setting = new Setting(this, shared);
        using var scope = TensorScope.Begin();
        var (model, width, random) = (setting.Model, setting.Model.Config.EmbeddingDimension, new RunRandom((ulong)setting.Settings.Seed));
        var loaded = new TrainingSounds(model, setting.Features, setting.Settings.Augmentation, random)
            .Load([.. Enumerable.Range(0, Batch)], 0, Batch, Number);
        float[] audio = Op.L2Normalize(model.EmbedAudio(loaded.LogMel, loaded.Lengths,
            new TrainingPass(random.Seed, Number, BatchStatistics.Running))).ToArray<float>();
        float[] text = Op.L2Normalize(model.EmbedText(model.Tokenize([.. Items.Select(item => _data.Clips[item.Clip].Captions[0])])))
            .ToArray<float>();
        var table = new CaptionTable(setting.Features.Data, model.Config.Captions, join: false);
        double expected = 0;
        for (int i = 0; i < Batch; i++)
        {
            expected += Against(j => Own(i, j), j => Teacher(i, j));
            expected += Against(j => Own(j, i), j => Teacher(j, i));
        }
        expected /= 2 * Batch;
        Assert.Equal(expected, taught, 1e-5 * expected);

        double Own(int i, int j) => Enumerable.Range(0, width)
            .Sum(d => (double)audio[i * width + d] * text[j * width + d]) / setting.Settings.Loss.Temperature;

        double Teacher(int i, int j) => Enumerable.Range(0, TeacherWidth).Sum(d =>
            (double)TeacherVector(i)[d] * TeacherVector(1000 + table.Text(Items[j]))[d]) / 0.05;

        double Against(Func<int, double> own, Func<int, double> teacher)
        {
            var places = Enumerable.Range(0, Batch).ToList();
            double logSum = Math.Log(places.Sum(j => Math.Exp(own(j)))), targets = places.Sum(j => Math.Exp(teacher(j)));
            return places.Sum(j => Math.Exp(teacher(j)) / targets * (logSum - own(j)));
        }
    }

    [Theory]
    [InlineData(8, 8, 0, "8")]
    [InlineData(9, 8, 0, "9")]
    [InlineData(9, 8, 8, "9")]
    [InlineData(8, 8, 3, "3 3 2")]
    [InlineData(8, 8, 4, "4 4")]
    [InlineData(9, 8, 4, "4 5")]
    [InlineData(9, 8, 3, "3 3 3")]
    [InlineData(9, 8, 7, "7 2")]
    [InlineData(5, 8, 4, "4 1")]
    [InlineData(3, 8, 4, "3")]
    public void A_joined_item_is_in_the_last_chunk_of_a_full_batch(int items, int batchSize, int chunkSize, string sizes)
    {
        var chunks = BatchLoss.Chunks(items, new OptimizationSettings { BatchSize = batchSize, ChunkSize = chunkSize });
        Assert.Equal(sizes, string.Join(' ', chunks.Select(chunk => chunk.Count)));
        Assert.Equal(items, chunks.Sum(chunk => chunk.Count));
        for (int i = 1; i < chunks.Count; i++) Assert.Equal(chunks[i - 1].Start + chunks[i - 1].Count, chunks[i].Start);
    }

    /// <summary>
    /// With dropout, masks and batch statistics the oracle is one recording over all chunks, each with the pass that it has by its place.
    /// </summary>
    [Fact]
    public void A_chunk_repeats_its_random_numbers_and_the_gradient_is_that_of_one_recording()
    {
        string[] overrides = ["augmentation.gain_db=6", $"training.chunk_size={Chunk}"];
        var chunked = Gradients(overrides, out double actual);

        using var setting = new Setting(this, overrides);
        var (model, random) = (setting.Model, new RunRandom((ulong)setting.Settings.Seed));
        var sounds = new TrainingSounds(model, setting.Features, setting.Settings.Augmentation, random);
        int[] clips = [.. Enumerable.Range(0, Batch)];
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var (audio, text) = (new List<Tensor>(), new List<Tensor>());
        for (int start = 0, part = 0; start < Batch; start += Chunk, part++)
        {
            int count = Math.Min(Chunk, Batch - start), parts = (Batch + Chunk - 1) / Chunk;
            var pass = new TrainingPass(random.Seed, Number * parts + part) { Part = Part(start, count) };
            var loaded = sounds.Load(clips, start, count, Number);
            audio.Add(model.EmbedAudio(loaded.LogMel, loaded.Lengths, pass, setting.Settings.Augmentation.SpecAugment));
            text.Add(model.EmbedText(model.Tokenize([.. clips.AsSpan(start, count).ToArray()
                .Select(clip => _data.Clips[clip].Captions[0])]), pass));
        }
        var ids = Tensor.From(clips, [Batch], model.Device);
        var loss = Op.NtXent(Op.Concat([.. audio]), Op.Concat([.. text]), ids, ids, setting.Settings.Loss.NtXent);
        Assert.Equal(loss.Item(), actual, 1e-6 * actual);
        tape.Backward(loss);
        foreach (var (name, parameter) in model.Parameters()) AssertClose(parameter.Gradient!.ToArray<float>(), chunked[name], 1e-5, name);

        // Running statistics have moved in one recording as in two passes.
        using var trained = new Setting(this, overrides);
        trained.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken);
        foreach (var ((name, expected), (_, moved)) in model.Buffers().Zip(trained.Model.Buffers()))
            Assert.True(expected.ToArray<float>().AsSpan().SequenceEqual(moved.ToArray<float>()), name);
    }

    /// <summary>
    /// The oracle: each chunk alone moves the statistics of an untouched model by a tenth towards its own, which that tells.
    /// </summary>
    [Fact]
    public void Chunks_move_running_statistics_once_by_a_batchs_momentum_towards_the_mean_of_theirs()
    {
        const double Momentum = 0.1;
        string[] overrides = [.. _deterministic[..^1], "audio.padding=paper"];
        using var untouched = new Setting(this, overrides);
        var before = Statistics(untouched.Model);
        var expected = before.Select(values => values.Select(value => (1 - Momentum) * value).ToArray()).ToList();
        foreach (var (start, count) in BatchLoss.Chunks(Batch, new OptimizationSettings { BatchSize = Batch, ChunkSize = Chunk }))
        {
            using var alone = new Setting(this, overrides);
            using var scope = TensorScope.Begin();
            var loaded = new TrainingSounds(alone.Model, alone.Features, alone.Settings.Augmentation, new RunRandom(0))
                .Load([.. Enumerable.Range(0, Batch)], start, count, Number);
            alone.Model.EmbedAudio(loaded.LogMel, loaded.Lengths, new TrainingPass(0, Number));
            foreach (var ((moved, old), sum) in Statistics(alone.Model).Zip(before).Zip(expected))
                for (int i = 0; i < sum.Length; i++) sum[i] += (moved[i] - (1 - Momentum) * old[i]) * count / Batch;
        }
        using var chunked = new Setting(this, [.. overrides, $"training.chunk_size={Chunk}"]);
        chunked.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken);
        var actual = Statistics(chunked.Model);
        for (int i = 0; i < actual.Count; i++) Golden.Check(expected[i], actual[i], 1e-5, chunked.Model.Buffers().ElementAt(i).Name);

        // The first norm's mean is then that of the batch at once.
        using var whole = new Setting(this, overrides);
        whole.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken);
        int mean = whole.Model.Buffers().ToList().FindIndex(buffer => buffer.Name == "audio_enc.bn0.running_mean");
        Golden.Check(Statistics(whole.Model)[mean], actual[mean], 1e-5, "bn0");

        static List<double[]> Statistics(RetrievalModel model) =>
            [.. model.Buffers().Select(buffer => buffer.Tensor.ToArray<float>().Select(value => (double)value).ToArray())];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_mixture_is_described_by_both_captions(bool frozen)
    {
        string[] overrides = [.. _deterministic, "augmentation.mix_share=1", $"training.freeze_text_encoder={(frozen ? "true" : "false")}"];
        using var setting = new Setting(this, overrides);
        var (model, random) = (setting.Model, new RunRandom((ulong)setting.Settings.Seed));
        var sounds = new TrainingSounds(model, setting.Features, setting.Settings.Augmentation, random);
        using var scope = TensorScope.Begin();
        var loaded = sounds.Load([.. Enumerable.Range(0, Batch)], 0, Batch, Number);
        var audio = model.EmbedAudio(loaded.LogMel, loaded.Lengths, new TrainingPass(random.Seed, Number, BatchStatistics.Running));
        var text = model.EmbedText(model.Tokenize([.. Items.Select((item, place) =>
        {
            var other = sounds.Mixtures.At(place, Number)!.Value.Item;
            return $"{_data.Clips[item.Clip].Captions[item.Caption]} and {_data.Clips[other.Clip].Captions[other.Caption]}";
        })]));
        var ids = Tensor.From([.. Enumerable.Range(0, Batch)], [Batch], model.Device);
        double expected = Op.NtXent(audio, text, ids, ids, setting.Settings.Loss.NtXent).Item();
        Assert.Equal(expected, setting.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken), 1e-5 * expected);
    }

    [Fact]
    public void Clips_joined_by_a_caption_are_right_answers_to_each_other()
    {
        string[] overrides = [.. _deterministic, "loss.positives=clip", "data.join_by_caption=true"];
        var data = _data with
        {
            Clips = [.. _data.Clips.Select((clip, i) => clip with { Captions = [.. clip.Captions, $"kind {i % 3}"] })],
        };
        using var setting = new Setting(this, overrides, data);
        using var scope = TensorScope.Begin();
        var model = setting.Model;
        var sounds = new TrainingSounds(model, setting.Features, setting.Settings.Augmentation,
            new RunRandom((ulong)setting.Settings.Seed));
        var loaded = sounds.Load([.. Enumerable.Range(0, Batch)], 0, Batch, Number);
        var audio = model.EmbedAudio(loaded.LogMel, loaded.Lengths,
            new TrainingPass((ulong)setting.Settings.Seed, Number, BatchStatistics.Running));
        var text = model.EmbedText(model.Tokenize([.. Items.Select(item => _data.Clips[item.Clip].Captions[item.Caption])]));
        var table = new CaptionTable(setting.Features.Data, model.Config.Captions, join: true);
        int[] sound = [.. Items.Select(item => table.Sound(item.Clip))];
        Assert.Equal(3, sound.Distinct().Count());
        double expected = Op.NtXent(audio, text, Tensor.From(sound, [Batch], model.Device),
            Tensor.From([.. Enumerable.Range(0, Batch)], [Batch], model.Device),
            setting.Settings.Loss.NtXent).Item();
        Assert.Equal(expected, setting.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken), 1e-5 * expected);
    }

    [Fact]
    public void A_frozen_batch_norm_keeps_its_statistics_and_learns_scale_and_shift()
    {
        using var setting = new Setting(this, ["training.freeze_batch_norm=true"]);
        var before = setting.Model.Buffers().Select(buffer => buffer.Tensor.ToArray<float>()).ToList();
        setting.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken);
        Assert.Equal(before, setting.Model.Buffers().Select(buffer => buffer.Tensor.ToArray<float>()));
        var norm = setting.Model.Parameters().First(parameter => parameter.Name == "audio_enc.conv_block1.bn1.weight").Tensor;
        Assert.Contains(norm.Gradient!.ToArray<float>(), value => value != 0);

        using var moving = new Setting(this, []);
        moving.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken);
        Assert.NotEqual(before, moving.Model.Buffers().Select(buffer => buffer.Tensor.ToArray<float>()));
    }

    /// <summary>
    /// Items 0 and 1 are of one clip, 2 has the caption text of 3 but for case and punctuation; the oracle is the definition.
    /// </summary>
    [Theory]
    [InlineData("paper")]
    [InlineData("clip")]
    [InlineData("same-text")]
    [InlineData("dropped")]
    public void Every_kind_of_positives_reaches_the_loss(string positives)
    {
        string[][] captions = [["a dog barks", "it barks"], ["Rain falls."], ["rain falls"], ["a bell"]];
        var data = _data with { Clips = [.. captions.Select((texts, i) => _data.Clips[i] with { Captions = texts })] };
        TrainingItem[] items = [new(0, 0), new(0, 1), new(1, 0), new(2, 0), new(3, 0)];
        using var setting = new Setting(this, ["training.freeze_batch_norm=true", $"loss.positives={positives}"], data);
        double actual = setting.Loss.AddGradient(items, Number, null, TestContext.Current.CancellationToken);
        Assert.All(setting.Model.HeadParameters(), parameter => Assert.NotNull(parameter.Tensor.Gradient));

        // Dropout makes two of one clip or text differ; without it some kinds would have equal losses.
        using var scope = TensorScope.Begin();
        var (model, pass) = (setting.Model, new TrainingPass((ulong)setting.Settings.Seed, Number, BatchStatistics.Running));
        var loaded = new TrainingSounds(model, setting.Features, setting.Settings.Augmentation, new RunRandom((ulong)setting.Settings.Seed))
            .Load([.. items.Select(item => item.Clip)], 0, items.Length, Number);
        float[] clips = Op.L2Normalize(model.EmbedAudio(loaded.LogMel, loaded.Lengths, pass, setting.Settings.Augmentation.SpecAugment))
            .ToArray<float>();
        float[] texts = Op.L2Normalize(model.EmbedText(model.Tokenize([.. items.Select(item => captions[item.Clip][item.Caption])]), pass))
            .ToArray<float>();
        int count = items.Length, width = model.Config.EmbeddingDimension;
        double Similarity(int audio, int text) =>
            Enumerable.Range(0, width)
                .Sum(d => (double)clips[audio * width + d] * texts[text * width + d]) / setting.Settings.Loss.Temperature;
        bool Alike(int i, int j) => items[i].Clip == items[j].Clip || positives != "clip" && Text(i) == Text(j);
        string Text(int i) => captions[items[i].Clip][items[i].Caption].ToLowerInvariant().TrimEnd('.', ' ');
        double expected = 0;
        foreach (bool byText in (bool[])[false, true])
            for (int i = 0; i < count; i++)
            {
                int[] right = [.. Enumerable.Range(0, count).Where(j => j == i || positives is "clip" or "same-text" && Alike(i, j))];
                double[] scores = [.. Enumerable.Range(0, count).Select(j => byText ? Similarity(j, i) : Similarity(i, j))];
                double sum = Enumerable.Range(0, count).Where(j => j == i || positives != "dropped" || !Alike(i, j))
                    .Sum(j => Math.Exp(scores[j]));
                expected -= right.Average(j => scores[j] - Math.Log(sum)) / count;
            }
        Assert.Equal(expected, actual, 1e-5 * expected);
    }

    [Fact]
    public void A_cancelled_batch_leaves_the_running_statistics_as_they_were()
    {
        using var setting = new Setting(this, [$"training.chunk_size={Chunk}"]);
        var before = setting.Model.Buffers().Select(buffer => buffer.Tensor.ToArray<float>()).ToList();
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            setting.Loss.AddGradient(Items, Number, _ => cancellation.Cancel(), cancellation.Token));
        Assert.Equal(before, setting.Model.Buffers().Select(buffer => buffer.Tensor.ToArray<float>()));
    }

    public void Dispose() => _folder.Dispose();

    static BatchPart Part(int start, int count) => new(count / (double)Batch, (Batch - start - count) / (double)Batch);

    TrainingItem[] Items => [.. Enumerable.Range(0, Batch).Select(clip => new TrainingItem(clip, 0))];

    Dictionary<string, float[]> Gradients(string[] overrides, out double loss)
    {
        using var setting = new Setting(this, overrides);
        loss = setting.Loss.AddGradient(Items, Number, null, TestContext.Current.CancellationToken);
        return setting.Model.Parameters().Where(parameter => parameter.Tensor.RequiresGradient)
            .ToDictionary(parameter => parameter.Name, parameter => parameter.Tensor.Gradient!.ToArray<float>());
    }

    /// <summary>Relative L2; the gradient of a key's bias is 0 in mathematics and compared absolutely.</summary>
    static void AssertClose(float[] expected, float[] actual, double tolerance, string name)
    {
        double difference = Math.Sqrt(expected.Zip(actual, (a, b) => ((double)a - b) * ((double)a - b)).Sum());
        double norm = Math.Sqrt(expected.Sum(value => (double)value * value));
        Assert.True(difference <= tolerance * Math.Max(norm, name.EndsWith("self.key.bias", StringComparison.Ordinal) ? 1 : 0),
            $"{name}: {difference:G3} of {norm:G3}");
    }

    const int TeacherWidth = 3;

    /// <summary>A unit vector; clips have numbers from 0, captions from 1000.</summary>
    static float[] TeacherVector(int number)
    {
        float[] vector = [MathF.Sin(number), MathF.Cos(3 * number), 0.5f];
        float length = MathF.Sqrt(vector.Sum(value => value * value));
        return [.. vector.Select(value => value / length)];
    }

    /// <summary>The batch's loss; a teacher is there where its share is set.</summary>
    sealed class Setting : IDisposable
    {
        public Setting(BatchLossTests test, string[] overrides, Dataset? data = null)
        {
            data ??= test._data;
            Settings = SettingsLoader.Load("tiny",
                [$"training.batch_size={Batch}", "audio.max_seconds=1.5", "training.warmup_steps=0", .. overrides]);
            Features = FeatureStore.Prepare(new FeatureCache(test._folder["cache"], RunFeatures.OfTraining(Settings)), data, [], null,
                default);
            Model = ModelFactory.Create(Settings, data, null, CpuDevice.Shared);
            if (Settings.Training.FreezeTextEncoder) Model.TextEncoder.SetTrainable(false);
            Loss = new BatchLoss(Model, Features, Settings, new RunRandom((ulong)Settings.Seed),
                overrides.Any(entry => entry.StartsWith("loss.teacher_weight", StringComparison.Ordinal)) ? [Teacher()] : null);
        }

        EvaluationVectors Teacher()
        {
            var texts = new CaptionTable(Features.Data, Model.Config.Captions, join: false).Texts;
            return new(TeacherWidth, [.. Features.Data.Clips.Select(clip => clip.FileName)],
                [.. Enumerable.Range(0, Features.Data.Clips.Count).SelectMany(TeacherVector)], texts,
                [.. Enumerable.Range(1000, texts.Count).SelectMany(TeacherVector)]);
        }

        public TrainingSettings Settings { get; }

        public FeatureStore Features { get; }

        public RetrievalModel Model { get; }

        public BatchLoss Loss { get; }

        public void Dispose()
        {
            Loss.Dispose();
            Model.Dispose();
        }
    }
}
