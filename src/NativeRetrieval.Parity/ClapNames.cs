using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Parity;

/// <summary>Hugging Face's names of the tensors of <see cref="ClapAudio"/> and <see cref="ClapText"/>, and what is done by them.</summary>
public static class ClapNames
{
    static readonly (string Ours, string Theirs)[] _parts =
    [
        ("audio_encoder.bn0.", "audio_encoder.batch_norm."), (".norm1.", ".layernorm_before."), (".norm2.", ".layernorm_after."),
        (".attn.proj.", ".attention.output.dense."), (".attn.relative", ".attention.self.relative"),
        (".mlp.fc1.", ".intermediate.dense."), (".mlp.fc2.", ".output.dense."), ("projection.0.", "projection.linear1."),
        ("projection.2.", "projection.linear2."),
    ];

    /// <summary>The tensors of Hugging Face's model that make up one of ours: one, or query, key and value one below the other.</summary>
    public static string[] Sources(string name)
    {
        foreach (var (ours, theirs) in _parts) name = name.Replace(ours, theirs, StringComparison.Ordinal);
        if (!name.Contains(".attn.qkv.", StringComparison.Ordinal)) return [name];
        string[] parts = ["query", "key", "value"];
        return [.. parts.Select(part => name.Replace(".attn.qkv.", $".attention.self.{part}.", StringComparison.Ordinal))];
    }

    /// <summary>
    /// Adds the relative errors of all gradients that the golden file has below <paramref name="prefix"/>; where the device multiplies in
    /// less than float32, that of all of them as one vector. A key bias moves all scores of a query alike, which soft-max ignores: its
    /// gradient is zero but for rounding and is compared absolutely, in float32 and float64 alone.
    /// </summary>
    /// <returns>The number of golden gradients that were compared.</returns>
    public static int AddGradients(this WorstError worst, SafetensorsFile golden, string prefix, Module half, Device device)
    {
        var compared = new List<(string Name, double[] Values)>();
        int keyBiases = 0;
        foreach (var (name, parameter) in half.Parameters())
        {
            string[] sources = Sources(name);
            double[][] parts = [.. parameter.Gradient!.Values().Chunk((int)parameter.Count / sources.Length)];
            foreach (var (source, values) in sources.Zip(parts))
                if (!golden.Names.Contains(prefix + source)) continue;
                else if (!source.EndsWith("key.bias", StringComparison.Ordinal)) compared.Add((prefix + source, values));
                else if (device.Precision == Precision.Float32)
                {
                    worst.Add(values.Max(Math.Abs), prefix + source);
                    keyBiases++;
                }
        }
        if (device.Precision == Precision.Float32)
            foreach (var (name, values) in compared) worst.AddRelative(golden.ReadFloat64(name), values, name);
        else
            worst.AddRelative([.. compared.SelectMany(item => golden.ReadFloat64(item.Name))],
                [.. compared.SelectMany(item => item.Values)], "all gradients");
        return compared.Count + keyBiases;
    }

    /// <summary>Gives every tensor of a half its formula value.</summary>
    internal static void Fill(Module half, int seed)
    {
        foreach (var (name, tensor) in half.State())
        {
            int[] shape = tensor.Shape.Sizes.ToArray();
            string[] sources = Sources(name);
            shape[0] /= sources.Length;
            tensor.Fill([.. sources.SelectMany(source => FormulaWeights.Of(source, seed, shape))]);
        }
    }
}
