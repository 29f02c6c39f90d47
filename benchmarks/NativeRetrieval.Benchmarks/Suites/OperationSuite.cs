using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>Single operations of BERT and of training; ONNX Runtime has no workload for them.</summary>
internal static class OperationSuite
{
    const double LearningRate = 1e-3;

    public static IEnumerable<Row> Run(Bench bench)
    {
        yield return LayerNorm(bench, 1024, 768);
        yield return Attention(bench, 32, 32);
        yield return Attention(bench, 4, 128);
        yield return NtXent(bench, 32);
        yield return NtXent(bench, 1024);
        yield return Adam(bench);
    }

    static Row LayerNorm(Bench bench, int rows, int width)
    {
        float[] values = Bench.Values((long)rows * width), gains = Bench.Values(width), shifts = Bench.Values(2 * width)[width..];
        using Tensor x = Of(values, rows, width), gain = Of(gains, width), bias = Of(shifts, width);
        var peer = bench.Open("layer-norm", model: null, [PeerInput.Of("x", values, rows, width), PeerInput.Of("norm.weight", gains, width),
            PeerInput.Of("norm.bias", shifts, width)], () => []);
        return Timed(bench, "layer-norm", $"{rows} x {width}", peer, () => Op.LayerNorm(x, gain, bias),
            2e-9 * values.Length * sizeof(float));
    }

    static Row Attention(Bench bench, int sentences, int tokens)
    {
        const int heads = 12, width = 768;
        float[] values = Bench.Values(3L * sentences * tokens * width);
        using var qkv = Of(values, sentences * tokens, 3 * width);
        using var starts = Tensor.From(
            [.. Enumerable.Range(0, sentences + 1).Select(i => i * tokens)], [sentences + 1], CpuDevice.Shared);
        var peer = bench.Open("attention", model: null,
            [PeerInput.Of("qkv", values, sentences, tokens, 3 * width), PeerInput.Of("heads", [(long)heads])], () => []);
        return Timed(bench, "attention", $"{sentences} x {tokens} tokens, {heads} heads of {width / heads}", peer,
            () => Op.Attention(qkv, starts, heads, tokens), gigabytes: 0);
    }

    static Row NtXent(Bench bench, int pairs)
    {
        const int width = 1024;
        float[] sounds = Bench.Values((long)pairs * width), texts = Bench.Values(2L * pairs * width)[(pairs * width)..];
        using Tensor audio = Of(sounds, pairs, width), text = Of(texts, pairs, width);
        using var numbers = Tensor.From(Enumerable.Range(0, pairs).ToArray(), [pairs], CpuDevice.Shared);
        audio.RequiresGradient = text.RequiresGradient = true;
        var peer = bench.Open("nt-xent", model: null,
            [PeerInput.Of("audio", sounds, pairs, width), PeerInput.Of("text", texts, pairs, width)], () => []);
        float[] computed = [.. Step(), .. audio.Gradient!.ToArray<float>(), .. text.Gradient!.ToArray<float>()];
        Bench.ExpectSame($"NT-Xent of {pairs} pairs", peer, computed);
        var (ours, theirs, cores) = bench.Measure(() => Step(), peer);
        return new Row("nt-xent", $"{pairs} x {width}, with gradients", ours, theirs, 3 * 2e-9 * pairs * pairs * width, Cores: cores);

        float[] Step()
        {
            audio.ClearGradient();
            text.ClearGradient();
            using var scope = TensorScope.Begin();
            using var tape = Tape.Begin();
            var found = Op.NtXent(audio, text, numbers, numbers, new NtXentOptions());
            tape.Backward(found);
            return found.ToArray<float>();
        }
    }

    /// <summary>Adam over as many numbers as BERT-base and CNN14 have, in tensors of a layer's size.</summary>
    static Row Adam(Bench bench)
    {
        const int rows = 3072, columns = 768, tensors = 78;
        float[] weights = Bench.Values((long)rows * columns), steps = [.. weights.Select(value => value / 100 + 0.01f)];
        using var scope = TensorScope.Begin();
        AdamSlot[] slots = [.. Enumerable.Range(0, tensors).Select(_ => new AdamSlot(Of(weights, rows, columns), Of(steps, rows, columns),
            Tensor.Zeros([rows, columns], CpuDevice.Shared), Tensor.Zeros([rows, columns], CpuDevice.Shared)))];
        var peer = bench.Open("adam", model: null, [.. Enumerable.Range(0, tensors).SelectMany(i => (PeerInput[])
            [PeerInput.Of($"p{i}", weights, rows, columns), PeerInput.Of($"g{i}", steps, rows, columns)]),
            PeerInput.Of("rate", [(float)LearningRate])], () => []);
        long step = 0;
        Step();
        if (peer is not null)
            Bench.ExpectSame("Adam", peer with { Output = peer.Output[..weights.Length] }, slots[0].Parameter.ToArray<float>());
        var (ours, theirs, _) = bench.WithAtMost(9).Measure(Step, peer);
        return new Row("adam", $"{tensors * (long)weights.Length / 1e6:F0} M parameters", ours, theirs,
            Gigabytes: 7e-9 * tensors * weights.Length * sizeof(float));

        void Step() => Op.Adam(slots, new AdamStep((float)LearningRate, ++step));
    }

    static Row Timed(Bench bench, string suite, string shape, Contender? peer, Func<Tensor> run, double gigabytes)
    {
        using (var y = run()) Bench.ExpectSame($"{suite}, {shape}", peer, y.ToArray<float>());
        var (ours, theirs, _) = bench.Measure(() => run().Dispose(), peer);
        return new Row(suite, shape, ours, theirs, Gigabytes: gigabytes);
    }

    static Tensor Of(float[] values, params int[] shape) => Tensor.From(values, shape, CpuDevice.Shared);
}
