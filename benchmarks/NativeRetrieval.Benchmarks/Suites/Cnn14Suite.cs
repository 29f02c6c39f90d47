using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>CNN14 at full width in evaluation, from log-mel to the 2048-wide vector, same weights on both sides.</summary>
internal static class Cnn14Suite
{
    public const int Frames = 1001, MelBins = 64;

    /// <summary>Work of 10 s, two operations per multiply-add.</summary>
    public const double Gigaflop = 40.07;

    public static IEnumerable<Row> Run(Bench bench)
    {
        using var encoder = Bench.Filled(AudioEncoder.Create(new Cnn14Config(), CpuDevice.Shared, new PhiloxSequence(new Philox(1))));
        foreach (int clips in (int[])[1, 4]) yield return One(bench.WithAtMost(clips == 1 ? 15 : 7), encoder, clips);
    }

    /// <summary>The peer with its model open and fed.</summary>
    static Contender? Peer(Bench bench, AudioEncoder encoder, float[] logMel, int clips) =>
        bench.Open("cnn14", () => PeerModels.Get("cnn14", Cnn14Graph.Save), [PeerInput.Of("mel", logMel, clips, 1, Frames, MelBins)],
            () => Bench.Weights(encoder));

    static Row One(Bench bench, AudioEncoder encoder, int clips)
    {
        float[] logMel = Bench.LogMel(clips, Frames, MelBins);
        using var input = Tensor.From(logMel, [clips, 1, Frames, MelBins], CpuDevice.Shared);
        var peer = Peer(bench, encoder, logMel, clips);
        float[] embedding = Forward(encoder, input);
        Bench.ExpectSame($"CNN14, {clips} x 10 s", peer, embedding);
        var (ours, theirs, cores) = bench.Measure(() => Forward(encoder, input), peer);
        return new Row("cnn14", $"{clips} x 10 s", ours, theirs, clips * Gigaflop, Note: bench.Memory, Cores: cores);
    }

    static float[] Forward(AudioEncoder encoder, Tensor input)
    {
        using var scope = TensorScope.Begin();
        return encoder.Forward(input, lengths: null).ToArray<float>();
    }
}
