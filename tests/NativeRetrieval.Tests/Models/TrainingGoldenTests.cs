using System.Globalization;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Tests.Encoders;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Models;

/// <summary>Twenty optimisation steps of the whole system, step by step against PyTorch: encoders, heads, NT-Xent, clipping, Adam.</summary>
public sealed class TrainingGoldenTests
{
    const int Steps = 20, BatchSize = 8, Clips = 16;

    readonly SafetensorsFile _golden = SafetensorsFile.Open(Fixtures.Small("training-small.safetensors"));

    [Fact]
    public void Float64_follows_PyTorch_to_1e_8()
    {
        using var model = Model(DType.Float64);
        var (losses, norms) = Train(model, DType.Float64);
        Golden.Check(_golden.ReadFloat64("loss"), losses, 1e-8, "losses");
        Golden.Check(_golden.ReadFloat64("grad_norm_before_clip"), norms, 1e-8, "gradient norms");
        using var scope = TensorScope.Begin();
        _golden.Check("final_audio_embedding", model.EmbedAudio(LogMel(DType.Float64, 0, Clips), null), 1e-8);
        _golden.Check("final_text_embedding", model.EmbedText(Tokens(0, Clips)), 1e-8);
    }

    [Fact]
    public void Float32_strays_no_further_than_ten_times_PyTorchs_own_float32()
    {
        using var model = Model(DType.Float32);
        var (losses, _) = Train(model, DType.Float32);
        double[] expected = _golden.ReadFloat64("loss");
        double[] own = [.. _golden.Metadata["pytorch_float32_error_loss"].Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
        double running = 0;
        for (int step = 0; step < Steps; step++)
        {
            running = Math.Max(running, own[step]);
            double error = Math.Abs(losses[step] - expected[step]) / expected[step], allowed = Math.Max(1e-5, 10 * running);
            if (step < 10) allowed = Math.Min(allowed, 1e-4);
            Assert.True(error <= allowed, $"step {step}: loss {losses[step]:G9} differs from {expected[step]:G9} by {error:E1}, allowed {allowed:E1}");
        }
    }

    (double[] Losses, double[] Norms) Train(RetrievalModel model, DType dtype)
    {
        using var adam = new AdamOptimizer([new ParameterGroup([.. model.Parameters()])], new AdamOptions(Epsilon: 1e-4, MaxGradientNorm: 2));
        var (losses, norms) = (new double[Steps], new double[Steps]);
        for (int step = 0; step < Steps; step++)
        {
            int first = step * BatchSize % Clips;
            using var scope = TensorScope.Begin();
            using (var tape = Tape.Begin())
            {
                var pass = new TrainingPass(seed: 0, step);
                var audio = model.EmbedAudio(LogMel(dtype, first, BatchSize), null, pass);
                var text = model.EmbedText(Tokens(first, BatchSize), pass);
                var ids = Tensor.From(Enumerable.Range(0, BatchSize).ToArray(), [BatchSize], CpuDevice.Shared);
                var loss = Op.NtXent(audio, text, ids, ids, new NtXentOptions());
                losses[step] = loss.Item();
                tape.Backward(loss);
            }
            norms[step] = adam.Step(3e-4);
        }
        return (losses, norms);
    }

    static RetrievalModel Model(DType dtype)
    {
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [8, 12, 16, 24, 32, 48], Dropout = 0 },
            TextEncoder = new BertConfig { VocabularySize = 211, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, MaxPositions = 20, Dropout = 0, AttentionDropout = 0 },
            AudioHeadWidth = 64,
            TextHeadWidth = 64,
            EmbeddingDimension = 32,
            MaxTokens = 20,
        };
        var tokenizer = new WordPieceTokenizer(Vocabulary.FromCaptions(["unused"]));
        var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(default), dtype: dtype);
        foreach (var (name, tensor) in model.State())
        {
            string seed = name.Replace("audio_enc.", "").Replace("text_enc.", "");
            tensor.Fill(FormulaWeights.Of(seed, tensor.Shape.Sizes.ToArray()));
        }
        return model;
    }

    Tensor LogMel(DType dtype, int first, int count)
    {
        var all = _golden.Load("logmel", dtype, CpuDevice.Shared);
        return all.Rows(first, count);
    }

    /// <summary>Padding is id 0 at the end of each row.</summary>
    TokenBatch Tokens(int first, int count)
    {
        long[] ids = _golden.ReadInt64("input_ids");
        int width = ids.Length / Clips;
        int[] rows = [.. ids.Skip(first * width).Take(count * width).Select(id => (int)id)];
        return new TokenBatch(rows, [.. Enumerable.Range(0, count).Select(i => rows.Skip(i * width).Take(width).Count(id => id != 0))], width);
    }
}
