using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>Settings and helpers of a suite.</summary>
/// <param name="Rounds">Timed runs of each contender.</param>
/// <param name="Peer">Null where ours runs alone.</param>
internal sealed record Bench(int Rounds, PeerProcess? Peer)
{
    /// <summary>Rounds of a bench that compares results and times nothing.</summary>
    public const int Untimed = 0;

    /// <summary>The peer with a workload open, fed and run once; null where there is no peer, or it has no such workload.</summary>
    /// <param name="workload">Name of the workload for a peer that knows it by name; null: it has none.</param>
    /// <param name="model">Path of the same as an ONNX model; null: there is none.</param>
    /// <param name="inputs">Inputs of every peer.</param>
    /// <param name="weights">What a model holds itself: inputs of a peer without models.</param>
    public Contender? Open(string? workload, Func<string>? model, PeerInput[] inputs, Func<IEnumerable<PeerInput>> weights)
    {
        if (Peer is null) return null;
        if (Peer.Program.TakesModels) return model is null ? null : Peer.Open(model(), inputs);
        return workload is null ? null : Peer.Open(workload, [.. inputs, .. weights()]);
    }

    /// <summary>Everything that a checkpoint of a module holds, as inputs of a peer.</summary>
    public static IEnumerable<PeerInput> Weights(Module module) => module.State().Select(item =>
        PeerInput.Of(item.Name, item.Tensor.ToArray<float>(), [.. item.Tensor.Shape.Sizes.ToArray().Select(size => (long)size)]));

    /// <summary>The most memory of this process and the peer's.</summary>
    public string Memory => $"{ProcessMemory.PeakMiB:F0} MiB at most" + (Peer is null ? "" : $", peer {Peer.PeakMiB:F0}");

    /// <summary>Times ours alone, or with the peer in turn, and what the cores give in turn with them.</summary>
    public Timing Measure(Action ours, Contender? peer)
    {
        if (Rounds == Untimed)
        {
            ours();
            return new(double.NaN, peer is null ? null : double.NaN, double.NaN);
        }
        Contender[] contenders = [Contender.Ours(ours), Contender.Ours(Ceilings.Multiply), .. peer is null ? (Contender[])[] : [peer]];
        double[] medians = Turns.MedianMs(Rounds, contenders);
        return new(medians[0], peer is null ? null : medians[2], Ceilings.Gigaflop / medians[1] * 1e3);
    }

    /// <summary>Correctness comes first: all of the peer's output must be ours, relative to its length.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static void ExpectSame(string what, Contender? peer, ReadOnlySpan<float> ours, double tolerance = 1e-5)
    {
        if (peer is null) return;
        float[] theirs = peer.Output;
        if (theirs.Length != ours.Length)
            throw new InvalidOperationException($"{what}: ours has {ours.Length:N0} values, {peer.Name}'s {theirs.Length:N0}");
        double difference = 0, length = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            difference += Math.Pow((double)ours[i] - theirs[i], 2);
            length += Math.Pow(theirs[i], 2);
        }
        double error = Math.Sqrt(difference / Math.Max(length, double.Epsilon));
        if (error <= tolerance) return;
        throw new InvalidOperationException($"{what}: ours and {peer.Name}'s differ by {error:E1} (relative L2), "
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
