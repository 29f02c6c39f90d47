using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>What a suite gets to work with.</summary>
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
        if (!(error <= tolerance)) throw new InvalidOperationException($"{what}: ours and ONNX Runtime's differ by {error:E1} (relative L2), at most {tolerance:E0} is allowed; no time is quoted for a wrong result");
    }

    /// <summary>Uniform in [−1, 1), the same in every run.</summary>
    public static float[] Values(long count)
    {
        var philox = new Philox(1);
        var values = new float[count];
        for (int i = 0; i < values.Length; i++) values[i] = 2 * philox.Uniform((ulong)i) - 1;
        return values;
    }
}
