using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Models;

/// <summary>Models whose linear weights lie in the order of products, as engines open them.</summary>
public sealed class InferenceTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void An_engine_arranges_linear_weights_and_gives_the_same_vectors()
    {
        using var engine = TinyModel.Open(_folder["model"]);
        using var model = ModelFolder.Load(_folder["model"], CpuDevice.Shared);
        Assert.Empty(Arranged(model));
        Assert.Equal(
            Weights(model).Where(item => item.Tensor.Shape[0] % 16 == 0 && !item.Name.Contains("embeddings")).Select(item => item.Name),
            Arranged(engine.Model));
        string[] texts = ["a dog is barking", "rain falls"];
        Assert.Equal(Embedder.Texts(model, texts, TestContext.Current.CancellationToken), engine.EmbedTexts(texts));
    }

    [Fact]
    public void A_model_for_inference_is_saved_as_it_was()
    {
        using var engine = TinyModel.Open(_folder["model"]);
        Directory.CreateDirectory(_folder["again"]);
        ModelFolder.Save(_folder["again"], engine.Model, "# A test\n");
        foreach (string path in Directory.EnumerateFiles(_folder["model"]))
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(_folder["again"], Path.GetFileName(path))));
    }

    [Fact]
    public void A_model_for_inference_is_not_trained()
    {
        using var engine = TinyModel.Open(_folder["model"]);
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var batch = new TokenBatch([1, 2, 3], [3], 3);
        Assert.Contains("must be contiguous", Assert.Throws<ShapeException>(() => engine.Model.TextEncoder.Forward(batch)).Message);
    }

    [Fact]
    public void HTS_AT_arranges_its_products_and_gives_the_same_vectors()
    {
        var config = new HtsAtConfig { ImageSize = 128, PatchSize = 8, PatchWidth = 16, Depths = [2, 1], Heads = [2, 2], Window = 4 };
        using var encoder = AudioEncoder.Create(config, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        var random = new Philox(2);
        using var input = Tensor.From(
            [.. Enumerable.Range(0, 100 * 64).Select(i => 60 * random.Uniform((ulong)i) - 70)], [1, 1, 100, 64], CpuDevice.Shared);
        float[] expected = Forward();
        encoder.ForInference();
        string[] arranged = [.. Arranged(encoder)];
        foreach (string name in (string[])["attn.qkv.weight", "attn.proj.weight", "mlp.fc1.weight", "downsample.reduction.weight"])
            Assert.Contains(arranged, other => other.EndsWith(name, StringComparison.Ordinal));
        Assert.Equal(expected, Forward());

        float[] Forward()
        {
            using var scope = TensorScope.Begin();
            return encoder.Forward(input, lengths: null).ToArray<float>();
        }
    }

    static IEnumerable<(string Name, Tensor Tensor)> Weights(Module module) =>
        module.Parameters().Where(item => item.Tensor.Shape.Length == 2);

    static IEnumerable<string> Arranged(Module module) =>
        Weights(module).Where(item => item.Tensor.Layout == Layout.OIHW16o).Select(item => item.Name);

    public void Dispose() => _folder.Dispose();
}
