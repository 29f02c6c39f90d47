using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.PeerProtocol;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>ResNet38 on 10 s and BERT-base on sentences of 32 tokens, in evaluation, same weights on both sides.</summary>
internal static class EncoderSuite
{
    const int Frames = 1001, MelBins = 64, Tokens = 32;

    /// <summary>Two encoders of different summation orders, a dozen layers deep.</summary>
    const double Tolerance = 3e-5;

    public static IEnumerable<Row> Sound(Bench bench)
    {
        var config = new ResNet38Config();
        using var encoder = Bench.Filled(AudioEncoder.Create(config, CpuDevice.Shared, random: null));
        foreach (int clips in (int[])[1, 4])
        {
            float[] logMel = Bench.LogMel(clips, Frames, MelBins);
            using var input = Tensor.From(logMel, [clips, 1, Frames, MelBins], CpuDevice.Shared);
            var peer = bench.Open("resnet38", () => PeerModels.Get("resnet38", ResNet38Graph.Save),
                [PeerInput.Of("mel", logMel, clips, 1, Frames, MelBins)],
                () => Bench.Weights(encoder));
            yield return Timed(bench.WithAtMost(clips == 1 ? 15 : 7), "resnet38", $"{clips} x 10 s", peer,
                () => encoder.Forward(input, lengths: null), clips * WorkAmount.ResNet38(config, Frames));
        }
    }

    public static IEnumerable<Row> Text(Bench bench)
    {
        var config = new BertConfig();
        using var encoder = Bench.Filled(new BertEncoder(config, CpuDevice.Shared, random: null));
        encoder.ForInference();
        foreach (int sentences in (int[])[1, 32])
        {
            int[] ids = [.. Enumerable.Range(0, sentences * Tokens).Select(i => 1 + i * 7919 % (config.VocabularySize - 1))];
            var batch = new TokenBatch(ids, [.. Enumerable.Repeat(Tokens, sentences)], Tokens);
            var peer = bench.Open("bert", () => PeerModels.Get($"bert-{Tokens}", path => BertGraph.Save(path, Tokens)),
                [PeerInput.Of("ids", [.. ids.Select(id => (long)id)], sentences, Tokens)],
                () => [.. Bench.Weights(encoder), PeerInput.Of("heads", [(long)config.Heads])]);
            yield return Timed(bench.WithAtMost(sentences == 1 ? 21 : 7), "bert", $"{sentences} x {Tokens} tokens", peer,
                () => encoder.Forward(batch), sentences * WorkAmount.Bert(config, Tokens));
        }
    }

    static Row Timed(Bench bench, string suite, string shape, Contender? peer, Func<Tensor> forward, double gigaflop)
    {
        Bench.ExpectSame($"{suite}, {shape}", peer, Forward(), Tolerance);
        var (ours, theirs, cores) = bench.Measure(() => Forward(), peer);
        return new Row(suite, shape, ours, theirs, gigaflop, Note: bench.Memory, Cores: cores);

        float[] Forward()
        {
            using var scope = TensorScope.Begin();
            return forward().ToArray<float>();
        }
    }
}
