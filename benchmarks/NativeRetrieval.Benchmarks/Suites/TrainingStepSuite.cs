using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// One step of the report's training: CNN14 and BERT-base with their heads, 4 clips of 10 s, captions of 32 tokens, dropout, NT-Xent,
/// gradient clipping, Adam. ONNX Runtime does not train: its column is three times its CNN14 forward pass, what forward, input and filter
/// gradients of the convolutions alone would take at its speed.
/// </summary>
internal static class TrainingStepSuite
{
    const int Clips = 4, MostRounds = 5, PassesPerStep = 3;

    /// <summary>Forward and backward of both encoders, two operations per multiply-add.</summary>
    const double Gigaflop = 546.6;

    public static IEnumerable<Row> Run(Bench bench)
    {
        ProcessMemory.Reset();
        using var step = DeviceWorkloads.TrainingStep(CpuDevice.Shared, WorkloadSizes.Full, Clips);
        var peer = Cnn14Suite.Peer(bench, Bench.LogMel(Clips, Cnn14Suite.Frames, Cnn14Suite.MelBins), Clips);
        var (ours, forward) = bench.WithAtMost(MostRounds).Measure(step.Run, peer);
        yield return new Row("training-step", $"CNN14 + BERT-base, {Clips} x 10 s", ours, PassesPerStep * forward, Gigaflop,
            Note: $"{ProcessMemory.PeakMiB:F0} MiB at most; peer: {PassesPerStep} x its CNN14 forward");
    }
}
