using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Demo;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.CudaEmulator.Tests.Models;

/// <summary>
/// A run folder trained on the device, indexed and searched there, beside the same on the CPU: equal numbers, equal hits.
/// </summary>
[Collection("device")]
public sealed class WholeWayTests : IDisposable
{
    const int Clips = 6, TestClips = 2;

    static readonly string[] _small =
    [
        "model.cnn14_widths=[4, 4, 8, 8, 8, 8]", "model.audio_head_width=16", "model.text_head_width=16", "model.embedding_dimension=8",
        "text.hidden_width=16", "text.layers=1", "text.feed_forward_width=24", "audio.max_seconds=0.5", "training.batch_size=2",
        "training.epochs=2", "training.warmup_steps=0",
    ];

    readonly TemporaryFolder _folder = new();
    readonly DemoCollection _demo;
    readonly Dataset _train, _test;

    public WholeWayTests()
    {
        _demo = DemoCollection.Create(_folder["demo"], seed: 3, Clips, TestClips);
        (_train, _test) = (CaptionCsv.Read(_demo.TrainCsv, _demo.AudioFolder), CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder));
    }

    /// <summary>Dropout, SpecAugment, shifts, own lengths, clipping, validation: every random number is the same on both sides.</summary>
    [Fact]
    public async Task Training_indexing_and_searching_give_what_the_cpu_gives()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        string onDevice = test.Run(device => Train("device", device)), onCpu = Train("cpu", CpuDevice.Shared);
        double[] expected = Losses(onCpu), losses = Losses(onDevice);
        Assert.Equal(4, expected.Length);
        for (int step = 0; step < expected.Length; step++) Assert.Equal(expected[step], losses[step], 2e-4 * expected[step]);

        var (cpuHits, deviceHits) = (await Search(onCpu, CpuDevice.Shared), await Search(onCpu, test.Device));
        Assert.Equal(Clips, cpuHits[0].Count);
        for (int query = 0; query < cpuHits.Count; query++)
        {
            Assert.Equal(cpuHits[query].Select(hit => (hit.Path, hit.StartSeconds, hit.EndSeconds)),
                deviceHits[query].Select(hit => (hit.Path, hit.StartSeconds, hit.EndSeconds)));
            foreach (var (ours, theirs) in deviceHits[query].Zip(cpuHits[query])) Assert.Equal(theirs.Score, ours.Score, 1e-5f);
        }
    }

    [Fact]
    public void A_run_that_was_interrupted_on_the_device_goes_on_with_the_same_losses()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        string whole = test.Run(device => Train("whole", device)), broken = _folder["broken"];
        using var cancellation = new CancellationTokenSource();
        var request = Request(broken, test.Device);
        Assert.Throws<OperationCanceledException>(() =>
            TrainingSession.Run(request, new Stopper(cancellation, afterPairs: 2), null, cancellation.Token));
        TrainingSession.Run(request with { Resume = true }, null, null, TestContext.Current.CancellationToken);
        Assert.Equal(Losses(whole), Losses(broken));
    }

    public static TheoryData<string> Recipes =>
    [
        "augmentation.mix_share=0.5 training.chunk_size=1",
        "training.average_decay=0.9",
        "training.freeze_text_encoder=true training.unfreeze_text_epoch=2 training.freeze_audio_stages=2 training.average_decay=0.9 "
            + "training.optimizer=adamw training.weight_decay=0.01",
    ];

    /// <summary>Steps that are replayed as CUDA graphs have every loss and weight of steps that are launched, to the bit.</summary>
    [Theory, MemberData(nameof(Recipes))]
    public void Replayed_steps_have_the_bits_of_launched_ones_and_so_has_a_run_that_was_interrupted(string recipe)
    {
        string[] overrides = [.. recipe.Split(' '), "training.epochs=4"];
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var plain = CudaDevice.Open(0, test.Device.Options with { Graphs = false });
        Assert.Null(Run("launched", plain));
        var graphs = test.Run(device => Run("replayed", device))!;
        Assert.Equal(8, graphs.Steps);
        Assert.InRange(graphs.Replayed, 3, 7);
        Assert.InRange(graphs.Recorded, 1, 8 - graphs.Replayed); // what is recorded was run before as it came
        Assert.Equal(8, Losses(_folder["launched"]).Length);
        AssertSame(_folder["launched"], _folder["replayed"]);

        string broken = _folder["broken"];
        using var cancellation = new CancellationTokenSource();
        var request = Request(broken, test.Device, overrides);
        Assert.Throws<OperationCanceledException>(() =>
            TrainingSession.Run(request, new Stopper(cancellation, afterPairs: 2, epoch: 3), null, cancellation.Token));
        TrainingSession.Run(request with { Resume = true }, null, null, TestContext.Current.CancellationToken);
        AssertSame(_folder["launched"], broken);

        GraphUse? Run(string folder, Device device)
        {
            var request = Request(_folder[folder], device, overrides) with
            {
                Noted = text => Assert.False(text.Contains("graph", StringComparison.Ordinal), text),
            };
            return TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken).Graphs;
        }
    }

    /// <summary>
    /// Training, evaluation, index and search in bfloat16. What a run saves is float32 whatever it multiplies in, and the CPU reads it;
    /// what the two hear of one model differs by the rounding of a few layers.
    /// </summary>
    [Fact]
    public async Task A_run_in_bfloat16_goes_the_whole_way_and_leaves_float32_files()
    {
        const double Rounding = 0.03; // cosines of a few layers with 8 significant bits
        using var test = new TestDevice(DeviceOrder.All[0], Precision.BFloat16);
        string run = _folder["bf16"];
        test.Run(device => TrainingSession.Run(Request(run, device, "training.precision=bf16"), null, null,
            TestContext.Current.CancellationToken));
        var (losses, float32Losses) = (Losses(run), Losses(Train("cpu", CpuDevice.Shared)));
        Assert.Equal(4, losses.Length);
        Assert.Equal(float32Losses[0], losses[0], Rounding * float32Losses[0]);
        Assert.NotEqual(float32Losses[0], losses[0]);
        Assert.All(losses, loss => Assert.InRange(loss, 0, 10));

        string[] saved = [.. Directory.GetFiles(run, "*.safetensors", SearchOption.AllDirectories)];
        Assert.Contains(saved, path => path.Contains("checkpoint", StringComparison.Ordinal));
        Assert.Contains(Path.Combine(run, "model.safetensors"), saved);
        foreach (string path in saved)
        {
            using var file = SafetensorsFile.Open(path);
            Assert.All(file.Entries, entry => Assert.True(entry.DType != DType.BFloat16, $"{path}: {entry}"));
            Assert.Contains(file.Entries, entry => entry.DType == DType.Float32);
            Assert.All(file.Entries.Where(entry => entry.DType == DType.Float32),
                entry => Assert.All(file.ReadFloat32(entry.Name), value => Assert.True(float.IsFinite(value), $"{path}: {entry}")));
        }
        // Master weights have more bits than bfloat16 holds.
        using (var model = SafetensorsFile.Open(Path.Combine(run, "model.safetensors")))
            Assert.Contains(model.ReadFloat32("audio_enc.conv_block2.conv1.weight"), value => (float)(BFloat16)value != value);

        var (onCpu, onDevice) = (Evaluate(CpuDevice.Shared), test.Run(Evaluate));
        Assert.Equal(onCpu.Texts, onDevice.Texts);
        Assert.NotNull(onDevice.Report);
        var (expectedScores, scores) = (onCpu.Scores.TextToAudio, onDevice.Scores.TextToAudio);
        for (int query = 0; query < onCpu.Texts.Count; query++)
            foreach (var (ours, theirs) in scores.Row(query).ToArray().Zip(expectedScores.Row(query).ToArray()))
                Assert.Equal(theirs, ours, Rounding);

        var (cpuHits, deviceHits) = (await Search(run, CpuDevice.Shared), await Search(run, test.Device));
        foreach (var (expected, actual) in cpuHits.Zip(deviceHits))
        {
            Assert.Equal(Clips, actual.Count);
            foreach (var hit in actual)
                Assert.Equal(expected.Single(other => other.Path == hit.Path).Score, hit.Score, Rounding);
        }

        EvaluationOutcome Evaluate(Device device) => EvaluationSession.Run(new()
        {
            Csv = _demo.TestCsv, Audio = _demo.AudioFolder, Models = [run], FeatureCache = _folder["cache"], Device = device,
        }, cancellation: TestContext.Current.CancellationToken);
    }

    static void AssertSame(string expected, string actual)
    {
        Assert.Equal(Losses(expected), Losses(actual));
        Assert.Equal(Validations(expected), Validations(actual));
        using var first = SafetensorsFile.Open(Path.Combine(expected, "model.safetensors"));
        using var second = SafetensorsFile.Open(Path.Combine(actual, "model.safetensors"));
        Assert.NotEmpty(first.Names);
        foreach (string name in first.Names) Assert.True(first.ReadFloat32(name).SequenceEqual(second.ReadFloat32(name)), name);
    }

    public void Dispose() => _folder.Dispose();

    string Train(string name, Device device)
    {
        TrainingSession.Run(Request(_folder[name], device), null, null, TestContext.Current.CancellationToken);
        return _folder[name];
    }

    TrainingRequest Request(string run, Device device, params string[] overrides) => new()
    {
        Training = _train,
        Validation = _test,
        RunFolder = run,
        Settings = SettingsLoader.Load("tiny", [.. _small, .. overrides]),
        FeatureCache = _folder["cache"],
        Device = device,
        Time = TimeProvider.System,
    };

    static double[] Losses(string run) =>
        [.. MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).Where(line => line["loss"] is not null)
            .Select(line => line["loss"]!.Value)];

    static IReadOnlyList<KeyValuePair<string, double>>[] Validations(string run) =>
        [.. MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).Where(line => line["validation/r1"] is not null)
            .Select(line => line.Values)];

    async Task<IReadOnlyList<IReadOnlyList<SearchHit>>> Search(string model, Device device)
    {
        using var engine = RetrievalEngine.Open(model, device);
        string folder = _folder[$"{device.ToString()!.Replace(':', '-')}.nrx"];
        using (var index = LocalAudioIndex.EnsureCollectionExists(folder, engine.IndexSettings()))
            await new AudioIndexer(engine, index).RunAsync([_demo.AudioFolder], cancellation: TestContext.Current.CancellationToken);
        using var opened = LocalAudioIndex.Open(folder, IndexAccess.Read, engine.Fingerprint, device);
        return
        [
            await engine.SearchAsync(opened, "a siren wails", cancellation: TestContext.Current.CancellationToken),
            await engine.SearchAsync(opened, "birds chirp, then a bell rings", cancellation: TestContext.Current.CancellationToken),
        ];
    }

    /// <summary>Cancels once so many pairs of an epoch are trained.</summary>
    sealed class Stopper(CancellationTokenSource cancellation, int afterPairs, int epoch = 1) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == TrainingPhase.Training && value.Epoch >= epoch && value.Done >= afterPairs) cancellation.Cancel();
        }
    }
}
