using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Parity.Tests.OtherSizes;

namespace NativeRetrieval.Parity.Tests;

/// <summary>Every case on golden files of other sizes: met as they are, failed once one value is another.</summary>
public sealed class OtherSizesTests(GoldenSet set) : IClassFixture<GoldenSet>
{
    const string Cnn14 = "cnn14-encoder/golden.safetensors", ResNet38 = "resnet38-encoder/golden.safetensors",
        FullSize = "full-size/audio.safetensors";
    const string Pruned = "cnn14-small/eval.safetensors", Tiny = "bert-tiny/golden.safetensors", MiniLm = "minilm/golden.safetensors",
        Clap = "clap/clap-tiny/golden.safetensors";
    const string Small = "training-small.safetensors", Full = "training-full.safetensors";

    /// <summary>The start of cases' names and a golden value that they compare: a tensor, or in a text the words before a number.</summary>
    static readonly (string Case, string File, string Value)[] _compared =
    [
        ("mel filters", "logmel.safetensors", "mel_filters_257x40"),
        ("log-mel within", "logmel.safetensors", "tone_5000/logmel"),
        ("log-mel from", "logmel.safetensors", "tone_5000/logmel"),
        ("resampling: tones, ", "resample.safetensors", "44100/tones_exact_24000"),
        ("resampling: tones above", "resample.safetensors", "48000/above_nyquist_input"),
        ("resampling: log-mel", "resample.safetensors", "tones_22050/soxr_HQ_24000"),
        ("CNN14 small: evaluation", Cnn14, "eval_embedding_long"),
        ("CNN14 small: training", Cnn14, "after/conv_block4.bn1.running_var"),
        ("CNN14 small: gradients", Cnn14, "grad/conv_block3.conv2.weight"),
        ("ResNet38 small: evaluation", ResNet38, "eval_embedding_short"),
        ("ResNet38 small: training", ResNet38, "train_embedding"),
        ("ResNet38 small: gradients", ResNet38, "grad/resnet.layer3.0.conv1.weight"),
        ("CNN14 full size", FullSize, "authors_cnn14/embedding"),
        ("ResNet38 full size", FullSize, "authors_resnet38/embedding"),
        ("PANNs CNN14 pruned", Pruned, "clipwise_output"),
        ("PANNs CNN14 full size", FullSize, "panns_cnn14/clipwise_output"),
        ("PANNs ResNet38 full size: embedding", FullSize, "panns_resnet38/embedding"),
        ("PANNs ResNet38 full size: tags", FullSize, "panns_resnet38/clipwise_output"),
        ("BERT tiny", Tiny, "grad/encoder.layer.2.output.dense.weight"),
        ("bert-base", "full-size/bert-base.safetensors", "last_hidden_state"),
        ("MiniLM-L6", MiniLm, "layer1_first3"),
        ("HTS-AT tiny: embeddings", Clap, "frames9/pooler_output"),
        ("HTS-AT tiny: gradients", Clap, "grad/audio_model.audio_encoder.layers.1.blocks.1.attention.self.relative_position_bias_table"),
        ("HTS-AT tiny: training", Clap, "train/after/running_var"),
        ("RoBERTa tiny: embeddings", Clap, "text/hidden2"),
        ("RoBERTa tiny: gradients", Clap, "grad/text_model.pooler.dense.weight"),
        ("NT-Xent, report sum", "nt-xent.safetensors", "B9_D5/report_sum/loss"),
        ("NT-Xent, authors code", "nt-xent.safetensors", "B9_D5/authors_code/grad_text"),
        ("NT-Xent, multi positive", "nt-xent.safetensors", "B4_D6/multi_positive/grad_audio"),
        ("NT-Xent, siblings dropped", "nt-xent.safetensors", "B4_D6/siblings_dropped/loss"),
        ("Adam, ", "adam.safetensors", "adam/param3/after5"),
        ("AdamW, ", "adam.safetensors", "adamw/param0/after5"),
        ("Adam with", "adam.safetensors", "adam_clip0.7/param1/after5"),
        ("metrics: one", "metrics.json", "\"meanR\":"),
        ("metrics: several", "metrics.json", "\"mAP7\":"),
        ("tokenizer: hostile", "tokenizer/hostile.jsonl", "\"ids\":\\["),
        ("tokenizer: every", "tokenizer/captions.json", "\"tokens\":"),
        ("training, small, 20 steps: losses, gradient", Small, "final_text_embedding"),
        ("training, small, 20 steps: losses, float32", Small, "loss"),
        ("training, CNN14", Full, "loss"),
    ];

    public static TheoryData<string> Cases => [.. ParityCatalogue.All.Select(item => item.Name)];

    [Theory, MemberData(nameof(Cases))]
    public void A_case_is_met_on_files_of_other_sizes(string name)
    {
        var result = ParityCatalogue.All.Single(item => item.Name == name).Run(set.Folder);
        Assert.True(result.Status == ParityStatus.Ok,
            $"{name}: {result.Status}, error {result.Error:E2}, tolerance {result.Tolerance:E1}; {result.Detail}");
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_case_fails_when_one_golden_value_is_another(string name)
    {
        var item = ParityCatalogue.All.Single(one => one.Name == name);
        var (_, file, value) = _compared.Single(one => name.StartsWith(one.Case, StringComparison.Ordinal));
        set.With(file, path =>
        {
            if (file.EndsWith(".safetensors", StringComparison.Ordinal)) AlterTensor(path, value, Change(name));
            else File.WriteAllText(path, Regex.Replace(File.ReadAllText(path), value, "${0}1")); // a leading 1
        },
        () =>
        {
            var result = item.Run(set.Folder);
            Assert.Equal(ParityStatus.Failed, result.Status);
            Assert.True(result.Error > item.Tolerance, result.Detail);
        });
    }

    /// <summary>The change of a value in units of the tensor's largest, and how far below the largest the value is.</summary>
    static (double Share, double Below) Change(string name) => name switch
    {
        "log-mel from -70 to -30 dB" => (0.01, 50),
        "resampling: log-mel of two clips" => (0.5, 0), // one sample among a window's, against a tolerance of 0.1 dB
        _ => (0.01, 0),
    };

    /// <summary>Rewrites a file with one value of a tensor changed.</summary>
    static void AlterTensor(string path, string name, (double Share, double Below) change)
    {
        SafetensorsItem[] items;
        IReadOnlyDictionary<string, string> metadata;
        using (var file = SafetensorsFile.Open(path))
        {
            metadata = file.Metadata;
            items = [.. file.Entries.Select(entry => SafetensorsItem.FromBytes(entry.Name, entry.DType, entry.Shape,
                entry.Name == name ? Altered(file, entry) : file.Bytes(entry.Name).ToArray()))];
        }
        SafetensorsWriter.Write(path, items, metadata);

        byte[] Altered(SafetensorsFile file, SafetensorsEntry entry)
        {
            double[] values = file.ReadFloat64(name);
            // Ends are left alone: those of resampled tones are not compared.
            int[] middle = [.. Enumerable.Range(values.Length / 4, values.Length - values.Length / 4 * 2)];
            int changed = middle.MinBy(i => Math.Abs(values.Max() - change.Below - values[i]));
            values[changed] += change.Share * values.Max(Math.Abs);
            return entry.DType == DType.Float64 ? MemoryMarshal.AsBytes(values.AsSpan()).ToArray()
                : MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (float)value).AsSpan()).ToArray();
        }
    }
}
