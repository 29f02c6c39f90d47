using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Tests;

/// <summary>The text side of CLAP, RoBERTa with its pooler and a head, against Hugging Face's.</summary>
public class ClapTextTests
{
    const string Tiny = "fixtures/clap/clap-tiny", Full = "fixtures/clap/clap-full";

    static readonly RobertaConfig _tiny = new()
    {
        VocabularySize = 3261, Width = 24, Layers = 2, Heads = 3, HiddenWidth = 40, LayerNormEpsilon = 1e-12, Dropout = 0,
        AttentionDropout = 0, Pooling = TextPooling.Pooler,
    };

    [Theory]
    [InlineData(DType.Float64, 1e-10)]
    [InlineData(DType.Float32, 1e-5)]
    public void Vectors_are_the_reference_s(DType dtype, double tolerance)
    {
        if (Require(Tiny) is not { } folder) return;
        using var scope = TensorScope.Begin();
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var worst = new WorstError();
        var batch = Batch(golden, "in/input_ids", "in/attention_mask");
        using (var tower = new TextTower(_tiny, 20, 20, dtype).Read(folder))
        {
            for (int layers = 0; layers <= _tiny.Layers; layers++)
                AddStates(worst, golden, $"text/hidden{layers}", tower.Encoder.TokenStates(batch, layers), batch);
            Add(tower, "text/", batch);
            Add(tower, "text512/", Batch(golden, "in/input_ids_512", mask: null));
        }
        using (var tower = new TextTower(_tiny with { LayerNormEpsilon = 1e-5 }, 20, 20, dtype).Read(folder))
            Add(tower, "text_eps1e-5/", batch);
        Assert.True(worst.Value <= tolerance, $"{worst.Where}: {worst.Value:E2}");

        void Add(TextTower tower, string prefix, TokenBatch texts)
        {
            var pooled = tower.Encoder.Forward(texts);
            worst.Add(golden, prefix + "pooler_output", pooled);
            var raw = tower.Head.Forward(pooled);
            worst.Add(golden, prefix + "text_embeds_raw", raw);
            worst.Add(golden, prefix + "text_embeds", Op.L2Normalize(raw));
        }
    }

    [Theory]
    [InlineData(DType.Float64, 1e-10)]
    [InlineData(DType.Float32, 1e-4)]
    public void Gradients_are_the_reference_s(DType dtype, double tolerance)
    {
        if (Require(Tiny) is not { } folder) return;
        using var scope = TensorScope.Begin();
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using var tower = new TextTower(_tiny, 20, 20, dtype).Read(folder);
        var batch = Batch(golden, "in/input_ids", "in/attention_mask");
        var uniform = FormulaWeights.Uniform("cotangent.text", seed: 0);
        var worst = new WorstError();
        using (var tape = Tape.Begin())
        {
            var vectors = Op.L2Normalize(tower.Head.Forward(tower.Encoder.Forward(batch, new TrainingPass(seed: 0, step: 0))));
            double[] cotangent = [.. Enumerable.Range(0, 6 * 20).Select(uniform)];
            worst.Add(Math.Abs(vectors.Values().Zip(cotangent, (x, u) => x * u).Sum() - golden.ReadFloat64("loss/text")[0]), "loss/text");
            using var seed = dtype == DType.Float64 ? Tensor.From(cotangent, [6, 20], CpuDevice.Shared)
                : Tensor.From(Array.ConvertAll(cotangent, u => (float)u), [6, 20], CpuDevice.Shared);
            tape.Backward(vectors, seed);
        }
        const string words = "text_model.embeddings.word_embeddings.weight";
        foreach (var (name, parameter) in tower.Parameters())
        {
            double[] gradient = parameter.Gradient!.Values();
            // The gradient of a key bias is zero in mathematics and is compared absolutely.
            if (name.EndsWith("key.bias", StringComparison.Ordinal)) worst.Add(gradient.Max(Math.Abs), name);
            else if (name != words) worst.AddRelative(golden.ReadFloat64("grad/" + name), gradient, name);
            else
            {
                worst.AddRelative(golden.ReadFloat64("gradnorm/" + name), [Math.Sqrt(gradient.Sum(x => x * x))], name);
                var rows = golden.ReadInt64("in/input_ids").Distinct().Order();
                worst.AddRelative(golden.ReadFloat64("gradrows/" + name),
                    [.. rows.SelectMany(row => gradient.Skip((int)row * 24).Take(24))], name);
            }
        }
        Assert.True(worst.Value <= tolerance, $"{worst.Where}: {worst.Value:E2}");
    }

    [Fact]
    public void The_text_tower_of_full_size_is_the_reference_s()
    {
        if (Require(Full) is not { } folder) return;
        using var scope = TensorScope.Begin();
        var worst = new WorstError();
        var config = new RobertaConfig { LayerNormEpsilon = 1e-12, Pooling = TextPooling.Pooler };
        using var tower = new TextTower(config, 512, 512, DType.Float32).Fill();
        foreach (string name in (string[])["clap-htsat-unfused", "larger_clap_general"])
        {
            using var golden = SafetensorsFile.Open(Path.Combine(folder, name + ".safetensors"));
            var pooled = tower.Encoder.Forward(Batch(golden, "input_ids", "attention_mask"));
            worst.Add(golden, "text_pooler_output", pooled);
            var raw = tower.Head.Forward(pooled);
            worst.Add(golden, "text_embeds_raw", raw);
            worst.Add(golden, "text_embeds", Op.L2Normalize(raw));
            if (golden.Names.Contains("text512_embeds"))
                worst.Add(golden, "text512_embeds",
                    Op.L2Normalize(tower.Head.Forward(tower.Encoder.Forward(Batch(golden, "input_ids_512", mask: null)))));
        }
        Assert.True(worst.Value <= 1e-5, $"{worst.Where}: {worst.Value:E2}");
    }

    /// <summary>The states of the sentences' own tokens.</summary>
    static void AddStates(WorstError worst, SafetensorsFile golden, string name, Tensor states, TokenBatch batch)
    {
        double[] expected = golden.ReadFloat64(name), actual = states.Values();
        int width = states.Shape[2];
        for (int row = 0; row < batch.Count; row++)
        {
            int start = row * batch.Width * width, count = batch.Lengths[row] * width;
            worst.AddRelative(expected.AsSpan(start, count), actual.AsSpan(start, count), $"{name}, sentence {row}");
        }
    }

    static TokenBatch Batch(SafetensorsFile golden, string ids, string? mask)
    {
        int width = golden.Sizes(ids)[1];
        int[] lengths = mask is null ? [width] : [.. golden.ReadInt64(mask).Chunk(width).Select(row => (int)row.Sum())];
        return new TokenBatch([.. golden.ReadInt64(ids).Select(id => (int)id)], lengths, width);
    }

    static string? Require(string path)
    {
        if (Fixtures.Shared(path) is { } found) return found;
        Assert.Skip(Fixtures.WhyAbsent(path));
        return null;
    }

    /// <summary>Encoder and head under Hugging Face's names.</summary>
    sealed class TextTower : Module
    {
        public TextTower(RobertaConfig config, int hidden, int outputs, DType dtype)
        {
            Encoder = Child("text_model", new BertEncoder(config, CpuDevice.Shared, random: null, dtype));
            Head = Child("text_projection", new ProjectionHead(config.Width, hidden, outputs, CpuDevice.Shared, random: null, dtype));
        }

        public BertEncoder Encoder { get; }

        public ProjectionHead Head { get; }

        public TextTower Read(string folder)
        {
            using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
            var own = State().Select(item => item.Name).ToHashSet();
            StateFile.Read(file, this, name => own.Contains(Here(name)) ? Here(name) : null);
            return this;
        }

        public TextTower Fill()
        {
            foreach (var (name, tensor) in State()) tensor.Fill(FormulaWeights.Of(There(name), tensor.Shape.Sizes.ToArray()));
            return this;
        }

        public IEnumerable<(string Name, Tensor Tensor)> Parameters() => base.Parameters().Select(item => (There(item.Name), item.Tensor));

        static string Here(string name) => name.Replace("projection.linear1", "projection.0").Replace("projection.linear2", "projection.2");

        static string There(string name) =>
            name.Replace("projection.0", "projection.linear1").Replace("projection.2", "projection.linear2");
    }
}
