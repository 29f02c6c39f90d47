using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Text;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// One step of the report's training: CNN14 and BERT-base with their heads, 4 clips of 10 s, captions of 32 tokens, dropout, NT-Xent,
/// gradient clipping, Adam. ONNX Runtime does not train: its column is three times its CNN14 forward pass, what forward, input and filter
/// gradients of the convolutions alone would take at its speed.
/// </summary>
internal static class TrainingStepSuite
{
    const int Clips = 4, Tokens = 32, MostRounds = 5, PassesPerStep = 3;

    /// <summary>Forward and backward of both encoders, two operations per multiply-add.</summary>
    const double Gigaflop = 546.6;

    public static IEnumerable<Row> Run(Bench bench)
    {
        ProcessMemory.Reset();
        var device = CpuDevice.Shared;
        var tokenizer = new WordPieceTokenizer(Vocabulary.FromCaptions(["a dog barks"]));
        using var model = new RetrievalModel(new RetrievalModelConfig(), tokenizer, device, new PhiloxSequence(new Philox(1)));
        using var optimizer = new AdamOptimizer([new ParameterGroup([.. model.Parameters()])], new AdamOptions(MaxGradientNorm: 2));
        float[] values = Bench.LogMel(Clips, Cnn14Suite.Frames, Cnn14Suite.MelBins);
        using var logMel = Tensor.From(values, [Clips, 1, Cnn14Suite.Frames, Cnn14Suite.MelBins], device);
        using var numbers = Tensor.From(Enumerable.Range(0, Clips).ToArray(), [Clips], device);
        var captions = new TokenBatch(
            [.. Enumerable.Range(0, Clips * Tokens).Select(i => 1000 + i * 7919 % 29000)], [.. Enumerable.Repeat(Tokens, Clips)], Tokens);

        var peer = Cnn14Suite.Peer(bench, values, Clips);
        long step = 0;
        var (ours, forward) = bench.WithAtMost(MostRounds).Measure(Step, peer);
        yield return new Row("training-step", $"CNN14 + BERT-base, {Clips} x 10 s", ours, PassesPerStep * forward, Gigaflop,
            Note: $"{ProcessMemory.PeakMiB:F0} MiB at most; peer: {PassesPerStep} x its CNN14 forward");

        void Step()
        {
            using var scope = TensorScope.Begin();
            using (var tape = Tape.Begin())
            {
                var pass = new TrainingPass(seed: 1, step++);
                var audio = model.EmbedAudio(logMel, lengths: null, pass, new SpecAugmentOptions());
                var text = model.EmbedText(captions, pass);
                tape.Backward(Op.NtXent(audio, text, numbers, numbers, new NtXentOptions()));
            }
            optimizer.Step(1e-4);
        }
    }
}
