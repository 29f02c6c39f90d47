using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Cuda;
using NativeRetrieval.Demo;
using NativeRetrieval.Engine;
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
        "text.hidden_width=16", "text.layers=1", "text.feed_forward_width=24", "audio.max_seconds=1", "training.batch_size=2",
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
        [.. MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).Where(line => line["validation/r1"] is not null).Select(line => line.Values)];

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
