using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>Properties of BERT besides parity, on the golden file of a tiny one.</summary>
public sealed class BertEncoderTests : IDisposable
{
    readonly SafetensorsFile _golden = SafetensorsFile.Open(Fixtures.Small("bert-tiny/golden.safetensors"));
    readonly TensorScope _scope = TensorScope.Begin();

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
            int[] padding = [.. Enumerable.Repeat(encoder.Config.VocabularySize - 1, encoder.Config.MaxPositions - ids.Length)];
            double[] padded = encoder.Forward(new TokenBatch([.. ids, .. padding], [ids.Length], encoder.Config.MaxPositions)).Values();
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

    [Theory]
    [InlineData(TextPooling.Cls)]
    [InlineData(TextPooling.Mean)]
    [InlineData(TextPooling.Pooler)]
    public void Vectors_in_8_bits_are_near_those_of_float32_and_their_bits_are_the_sentence_s_own(TextPooling pooling)
    {
        using var exact = Filled(pooling);
        using var encoder = Filled(pooling);
        Tensor[] rounded = [.. encoder.Parameters()
            .Where(item => item.Name.StartsWith("encoder.layer.", StringComparison.Ordinal) && item.Tensor.Shape.Length == 2)
            .Select(item => item.Tensor)];
        encoder.ToInt8();
        Assert.Equal((TextPrecision.Float32, TextPrecision.Int8), (exact.Precision, encoder.Precision));
        Assert.Equal(6 * encoder.Config.Layers, rounded.Length);
        Assert.All(rounded, weight => Assert.Throws<ObjectDisposedException>(() => weight.ToArray<float>()));

        var batch = Batch();
        double[] expected = exact.Forward(batch).Values(), together = encoder.Forward(batch).Values();
        for (int row = 0; row < batch.Count; row++)
        {
            double[] own = together[(row * encoder.Width)..((row + 1) * encoder.Width)];
            int[] ids = batch.Row(row).ToArray();
            Assert.Equal(own, encoder.Forward(new TokenBatch(ids, [ids.Length], ids.Length)).Values());
            Golden.Check(expected.AsSpan(row * encoder.Width, encoder.Width), own, 0.05, $"sentence {row}");
        }
        Assert.NotEqual(expected, together);
    }

    [Fact]
    public void An_encoder_in_8_bits_stays_so_and_is_not_trained()
    {
        using var encoder = Filled(TextPooling.Cls);
        encoder.ToInt8();
        double[] once = encoder.Forward(Batch()).Values();
        encoder.ToInt8();
        Assert.Equal(once, encoder.Forward(Batch()).Values());
        using var tape = Tape.Begin();
        Assert.Contains("no gradient", Assert.Throws<NativeRetrievalException>(() => encoder.Forward(Batch())).Message);
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

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    /// <summary>A wider encoder with starting values, whose linear layers are most of it.</summary>
    static BertEncoder Filled(TextPooling pooling) =>
        new(BertConfig.Read(Fixtures.Small("bert-tiny/config.json")) with { Width = 64, Heads = 4, HiddenWidth = 256, Pooling = pooling,
            InitialDeviation = 0.1 }, CpuDevice.Shared, new PhiloxSequence(new Philox(5)));

    BertEncoder Tiny(DType dtype, TextPooling pooling = TextPooling.Cls)
    {
        var config = BertConfig.Read(Fixtures.Small("bert-tiny/config.json")) with { Pooling = pooling };
        var encoder = new BertEncoder(config, CpuDevice.Shared, random: null, dtype);
        var ignored = StateFile.Read(_golden, encoder,
            name => name.StartsWith("weight/", StringComparison.Ordinal) ? name["weight/".Length..] : null);
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
