using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Tests;

/// <summary>The text side of CLAP at full size, RoBERTa with its pooler and a head, against Hugging Face's.</summary>
public class ClapTextTests
{
    const string Full = "fixtures/clap/clap-full";

    [Fact]
    public void The_text_tower_of_full_size_is_the_reference_s()
    {
        Assert.SkipWhen(Fixtures.Shared(Full) is null, Fixtures.WhyAbsent(Full));
        using var scope = TensorScope.Begin();
        var worst = new WorstError();
        var config = new RobertaConfig { LayerNormEpsilon = 1e-12, Pooling = TextPooling.Pooler };
        using var tower = new ClapText(config, 512, DType.Float32);
        foreach (string name in (string[])["clap-htsat-unfused", "larger_clap_general"])
        {
            using var golden = SafetensorsFile.Open(Fixtures.Shared($"{Full}/{name}.safetensors")!);
            var pooled = tower.Encoder.Forward(Batch(golden, "input_ids", "attention_mask"));
            worst.Add(golden, "text_pooler_output", pooled);
            var raw = tower.Head.Forward(pooled);
            worst.Add(golden, "text_embeds_raw", raw);
            worst.Add(golden, "text_embeds", Op.L2Normalize(raw));
            if (golden.Names.Contains("text512_embeds"))
                worst.Add(golden, "text512_embeds", tower.Embed(Batch(golden, "input_ids_512", mask: null), pass: null));
        }
        Assert.True(worst.Value <= 1e-5, $"{worst.Where}: {worst.Value:E2}");
    }

    static TokenBatch Batch(SafetensorsFile golden, string ids, string? mask)
    {
        int width = golden.Sizes(ids)[1];
        int[] lengths = mask is null ? [width] : [.. golden.ReadInt64(mask).Chunk(width).Select(row => (int)row.Sum())];
        return new TokenBatch([.. golden.ReadInt64(ids).Select(id => (int)id)], lengths, width);
    }
}
