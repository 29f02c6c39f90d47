using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>An HTS-AT with formula weights under the names of Hugging Face's CLAP, and the projection behind it.</summary>
sealed class ClapAudio : IDisposable
{
    public const string Root = "audio_model.audio_encoder.";

    readonly DType _dtype;

    public ClapAudio(HtsAtConfig config, int projection, DType dtype)
    {
        (_dtype, Config) = (dtype, config);
        Encoder = AudioEncoder.Create(config, CpuDevice.Shared, random: null, dtype);
        foreach (var (name, tensor) in Encoder.State())
        {
            int[] shape = tensor.Shape.Sizes.ToArray();
            string[] sources = Sources(name);
            if (sources.Length > 1) shape[0] /= 3;
            tensor.Fill([.. sources.SelectMany(source => FormulaWeights.Of(source, shape))]);
        }
        (FirstWeight, FirstBias) = (Formula("linear1.weight", projection, config.Width), Formula("linear1.bias", projection));
        (SecondWeight, SecondBias) = (Formula("linear2.weight", projection, projection), Formula("linear2.bias", projection));
    }

    public HtsAtConfig Config { get; }

    public AudioEncoder Encoder { get; }

    Tensor FirstWeight { get; }

    Tensor FirstBias { get; }

    Tensor SecondWeight { get; }

    Tensor SecondBias { get; }

    /// <summary>The tensors of Hugging Face's model that make up ours: one, or query, key and value one below the other.</summary>
    public static string[] Sources(string name)
    {
        foreach (var (ours, theirs) in new[]
        {
            ("bn0.", "batch_norm."), (".norm1.", ".layernorm_before."), (".norm2.", ".layernorm_after."),
            (".attn.proj.", ".attention.output.dense."), (".attn.relative", ".attention.self.relative"),
            (".mlp.fc1.", ".intermediate.dense."), (".mlp.fc2.", ".output.dense."),
        })
            name = name.Replace(ours, theirs, StringComparison.Ordinal);
        if (!name.Contains(".attn.qkv.", StringComparison.Ordinal)) return [Root + name];
        string[] parts = ["query", "key", "value"];
        return [.. parts.Select(part => Root + name.Replace(".attn.qkv.", $".attention.self.{part}.", StringComparison.Ordinal))];
    }

    /// <returns>[N, projection], before normalisation.</returns>
    public Tensor Project(Tensor vectors) =>
        Op.Linear(Op.Linear(vectors, FirstWeight, FirstBias, Activation.Relu), SecondWeight, SecondBias);

    public void Dispose() => Encoder.Dispose();

    Tensor Formula(string name, params int[] shape)
    {
        var tensor = Tensor.Empty(shape, CpuDevice.Shared, _dtype);
        tensor.Fill(FormulaWeights.Of($"audio_projection.{name}", shape));
        return tensor;
    }
}
