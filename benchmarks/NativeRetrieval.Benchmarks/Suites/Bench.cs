using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>Settings and helpers of a suite.</summary>
/// <param name="Rounds">Timed runs of each contender.</param>
/// <param name="Ort">Null where ONNX Runtime is not installed.</param>
internal sealed record Bench(int Rounds, OrtPeer? Ort)
{
    /// <summary>Times ours alone, or with the peer in turn.</summary>
    public (double OursMs, double? PeerMs) Measure(Action ours, Contender? peer)
    {
        if (peer is null) return (Turns.MedianMs(Rounds, Contender.Ours(ours))[0], null);
        double[] medians = Turns.MedianMs(Rounds, Contender.Ours(ours), peer);
        return (medians[0], medians[1]);
    }

    /// <summary>Correctness comes first: the peer's last output must be ours, relative to its length.</summary>
    public void ExpectSame(string what, ReadOnlySpan<float> ours, double tolerance = 1e-5)
    {
        if (Ort is null) return;
        var theirs = Ort.Output.AsSpan();
        int count = Math.Min(ours.Length, theirs.Length);
        double difference = 0, length = 0;
        for (int i = 0; i < count; i++)
        {
            difference += Math.Pow((double)ours[i] - theirs[i], 2);
            length += Math.Pow(theirs[i], 2);
        }
        double error = Math.Sqrt(difference / Math.Max(length, double.Epsilon));
        if (error <= tolerance) return;
        throw new InvalidOperationException($"{what}: ours and ONNX Runtime's differ by {error:E1} (relative L2), "
            + $"at most {tolerance:E0} is allowed; no time is quoted for a wrong result");
    }

    /// <summary>The same bench with fewer rounds, for work of seconds.</summary>
    public Bench WithAtMost(int rounds) => this with { Rounds = Math.Min(Rounds, rounds) };

    /// <summary>Gives every parameter and buffer the value that the peer's model has.</summary>
    public static T Filled<T>(T module) where T : Module
    {
        foreach (var (name, tensor) in module.State()) tensor.CopyFrom<float>(FormulaWeights.Of(name, tensor.Shape.Sizes.ToArray()));
        return module;
    }

    /// <summary>Values as a log-mel spectrogram has them, in dB.</summary>
    public static float[] LogMel(int clips, int frames, int melBins) =>
        [.. Values((long)clips * frames * melBins).Select(value => 30 * value - 40)];

    /// <summary>Uniform in [−1, 1), the same in every run.</summary>
    public static float[] Values(long count)
    {
        var philox = new Philox(1);
        var values = new float[count];
        for (int i = 0; i < values.Length; i++) values[i] = 2 * philox.Uniform((ulong)i) - 1;
        return values;
    }
}
