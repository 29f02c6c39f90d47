using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// One step of the report's training: CNN14 and BERT-base with their heads, 4 clips of 10 s, captions of 32 tokens, dropout, NT-Xent,
/// gradient clipping, Adam; and one that is not clipped, whose gradients are freed one by one. PyTorch takes the clipped step: loss and
/// gradient norm are compared without dropout, which draws other numbers there. ONNX Runtime does not train: its column is three times its
/// CNN14 forward pass, what forward, input and filter gradients of the convolutions alone would take at its speed.
/// </summary>
internal static class TrainingStepSuite
{
    const int Clips = 4, MostRounds = 5, PassesPerStep = 3;

    /// <summary>Both sides round float32 differently; the norm is that of all 187 million gradients.</summary>
    const double Tolerance = 1e-3;

    /// <summary>Forward and backward of both encoders, two operations per multiply-add.</summary>
    const double Gigaflop = 546.6;

    public static IEnumerable<Row> Run(Bench bench)
    {
        var sizes = WorkloadSizes.Full;
        bool peerTrains = bench.Peer is { Program.TakesModels: false };
        if (peerTrains)
            Compare(bench, sizes with
            {
                Cnn14 = sizes.Cnn14 with { Dropout = 0 }, Bert = sizes.Bert with { Dropout = 0, AttentionDropout = 0 },
            });
        yield return NotClipped(bench, sizes);
        ProcessMemory.Reset();
        using var run = new TrainingRun(CpuDevice.Shared, sizes, Clips, masks: null);
        using var model = run.Model;
        var peer = Peer(bench, sizes, run);
        var (ours, theirs, cores) = bench.WithAtMost(MostRounds).Measure(() => run.Step(), peer);
        yield return new Row("training-step", $"CNN14 + BERT-base, {Clips} x 10 s",
            ours, peerTrains ? theirs : PassesPerStep * theirs, Gigaflop,
            Note: bench.Memory + (peerTrains || peer is null ? "" : $"; peer: {PassesPerStep} x its CNN14 forward"), Cores: cores);
    }

    /// <summary>The step without clipping, measured first: its peak memory would otherwise include the clipped step's.</summary>
    static Row NotClipped(Bench bench, WorkloadSizes sizes)
    {
        ProcessMemory.Reset();
        using var run = new TrainingRun(CpuDevice.Shared, sizes, Clips, masks: null, maxGradientNorm: null);
        using var model = run.Model;
        var (ours, _, cores) = bench.WithAtMost(MostRounds).Measure(() => run.Step(), peer: null);
        return new Row("training-step", $"CNN14 + BERT-base, {Clips} x 10 s, not clipped", ours, PeerMs: null, Gigaflop, Note: bench.Memory,
            Cores: cores);
    }

    static void Compare(Bench bench, WorkloadSizes sizes)
    {
        using var run = new TrainingRun(CpuDevice.Shared, sizes, Clips, masks: null);
        using var model = run.Model;
        var peer = Peer(bench, sizes, run);
        float[] seen = [];
        run.Step((loss, norm) => seen = [loss, (float)norm]);
        // One by one: the larger number must not hide the other's error.
        foreach (var (i, what) in ((string[])["loss", "gradient norm"]).Index())
            Bench.ExpectSame($"training step, {what}", peer! with { Output = [peer.Output[i]] }, [seen[i]], Tolerance);
    }

    static Contender? Peer(Bench bench, WorkloadSizes sizes, TrainingRun run) =>
        bench.Open("training-step", () => PeerModels.Get("cnn14", Cnn14Graph.Save),
            [PeerInput.Of("mel", run.LogMel, Clips, 1, sizes.Frames, sizes.Cnn14.MelBins)],
            () => [.. Bench.Weights(run.Model), PeerInput.Of("ids", [.. run.Captions.Ids.Select(id => (long)id)], Clips, sizes.Tokens),
                PeerInput.Of("heads", [(long)sizes.Bert.Heads]), PeerInput.Of("rate", [(float)TrainingRun.LearningRate]),
                PeerInput.Of("dropout", [(float)sizes.Cnn14.Dropout])]);
}
