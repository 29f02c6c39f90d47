using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>BERT against Hugging Face's: a tiny one with all gradients and the full-size one with formula weights, computed in float64 by PyTorch.</summary>
public sealed class BertGoldenTests : IDisposable
{
    readonly SafetensorsFile _golden = SafetensorsFile.Open(Fixtures.Small("bert-tiny/golden.safetensors"));
    readonly TensorScope _scope = TensorScope.Begin();

    [Theory]
    [InlineData(DType.Float64, 1e-9)]
    [InlineData(DType.Float32, 1e-5)]
    public void Vectors_and_all_gradients_equal_PyTorch(DType dtype, double tolerance)
    {
        using var encoder = Tiny(dtype);
        using (var tape = Tape.Begin())
        {
            var vectors = encoder.Forward(Batch(), new TrainingPass(seed: 0, step: 0));
            _golden.Check("cls", vectors, tolerance);
            tape.Backward(vectors, _golden.Load("cotangent", dtype, CpuDevice.Shared));
        }
        var parameters = encoder.Parameters().ToList();
        Assert.Equal(_golden.Names.Count(name => name.StartsWith("grad/", StringComparison.Ordinal)), parameters.Count);
        foreach (var (name, parameter) in parameters)
        {
            // A key bias moves all scores of a query alike and soft-max ignores that: its gradient is zero but for rounding.
            if (name.EndsWith("key.bias", StringComparison.Ordinal))
                Assert.All(parameter.Gradient!.Values(), value => Assert.InRange(value, -KeyBias(dtype), KeyBias(dtype)));
            else _golden.Check($"grad/{name}", parameter.Gradient!, tolerance);
        }

        static double KeyBias(DType dtype) => dtype == DType.Float64 ? 1e-12 : 1e-5;
    }

    [Theory]
    [InlineData(DType.Float64, 1e-9)]
    [InlineData(DType.Float32, 1e-5)]
    public void Token_states_equal_PyTorch(DType dtype, double tolerance)
    {
        using var encoder = Tiny(dtype);
        var batch = Batch();
        double[] states = encoder.TokenStates(batch).Values();
        int width = encoder.Width;
        for (int row = 0; row < batch.Count; row++)
            Array.Clear(states, (row * batch.Width + batch.Lengths[row]) * width, (batch.Width - batch.Lengths[row]) * width);
        Golden.Check(_golden.ReadFloat64("last_hidden_state"), states, tolerance, "last_hidden_state");
    }

    [Theory]
    [InlineData(TextPooling.Cls)]
    [InlineData(TextPooling.Mean)]
    public void A_vector_depends_neither_on_padding_nor_on_batch_mates(TextPooling pooling)
    {
        using var encoder = Tiny(DType.Float32, pooling);
        var batch = Batch();
        double[] together = encoder.Forward(batch).Values();
        for (int row = 0; row < batch.Count; row++)
        {
            int[] ids = batch.Row(row).ToArray();
            double[] alone = encoder.Forward(new TokenBatch(ids, [ids.Length], ids.Length)).Values();
            // Padding of another id and another width.
            double[] padded = encoder.Forward(new TokenBatch([.. ids, 7, 210, 3], [ids.Length], ids.Length + 3)).Values();
            Golden.Check(alone, together.AsSpan(row * encoder.Width, encoder.Width), 1e-5, $"sentence {row} in the batch");
            Golden.Check(alone, padded, 1e-5, $"sentence {row} with padding");
        }
    }

    [Fact]
    public void Mean_pooling_is_the_mean_of_the_sentence_s_own_token_states()
    {
        using var encoder = Tiny(DType.Float64, TextPooling.Mean);
        var batch = Batch();
        double[] states = _golden.ReadFloat64("last_hidden_state"), expected = new double[batch.Count * encoder.Width];
        for (int row = 0; row < batch.Count; row++)
            for (int token = 0; token < batch.Lengths[row]; token++)
                for (int i = 0; i < encoder.Width; i++)
                    expected[row * encoder.Width + i] += states[(row * batch.Width + token) * encoder.Width + i] / batch.Lengths[row];
        Golden.Check(expected, encoder.Forward(batch).Values(), 1e-9, "mean");
    }

    [Fact]
    public void Dropout_repeats_with_the_pass_and_changes_with_the_step()
    {
        var config = BertConfig.Read(Fixtures.Small("bert-tiny/config.json")) with { Dropout = 0.2, AttentionDropout = 0.2 };
        using var encoder = new BertEncoder(config, CpuDevice.Shared, new PhiloxSequence(new Philox(5)));
        double[] Run(long step) => encoder.Forward(Batch(), new TrainingPass(seed: 3, step)).Values();

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
        Assert.NotEqual(Run(1), encoder.Forward(Batch()).Values());
    }

    [Fact]
    public void Bert_base_equals_PyTorch()
    {
        const string Name = "fixtures/full-size/bert-base.safetensors";
        if (Fixtures.Shared(Name) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent(Name));
            return;
        }
        using var golden = SafetensorsFile.Open(path);
        using var encoder = new BertEncoder(new BertConfig(), CpuDevice.Shared, random: null).FillByFormula();
        var batch = Batch(golden);
        double[] states = encoder.TokenStates(batch).Values(), expected = golden.ReadFloat64("last_hidden_state");
        for (int row = 0; row < batch.Count; row++)
        {
            int start = row * batch.Width * encoder.Width, count = batch.Lengths[row] * encoder.Width;
            Golden.Check(expected.AsSpan(start, count), states.AsSpan(start, count), 1e-5, $"sentence {row}");
        }
    }

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    BertEncoder Tiny(DType dtype, TextPooling pooling = TextPooling.Cls)
    {
        var config = BertConfig.Read(Fixtures.Small("bert-tiny/config.json")) with { Pooling = pooling };
        var encoder = new BertEncoder(config, CpuDevice.Shared, random: null, dtype);
        var ignored = StateFile.Read(_golden, encoder, name => name.StartsWith("weight/", StringComparison.Ordinal) ? name["weight/".Length..] : null);
        Assert.DoesNotContain(ignored, name => name.StartsWith("weight/", StringComparison.Ordinal));
        return encoder;
    }

    TokenBatch Batch() => Batch(_golden);

    static TokenBatch Batch(SafetensorsFile golden)
    {
        var shape = golden.Entry("input_ids").Shape;
        int width = (int)shape[1];
        int[] lengths = [.. golden.ReadInt64("attention_mask").Chunk(width).Select(row => (int)row.Sum())];
        return new TokenBatch([.. golden.ReadInt64("input_ids").Select(id => (int)id)], lengths, width);
    }
}
