using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>A named group of measurements.</summary>
internal sealed record Suite(string Name, string Summary, Func<Bench, IEnumerable<Row>> Run)
{
    public static IReadOnlyList<Suite> All { get; } =
    [
        new("gemm", "matrix products of BERT and of large squares, weights packed before", GemmSuite.Run),
        new("gemm-training", "the three products of a linear layer's training step, nothing packed before", GemmTrainingSuite.Run),
        new("resample", "44.1 and 48 kHz to 32 kHz", ResampleSuite.Run),
    ];
}
