using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>A model folder's settings and tokenizer as Hugging Face's programs read those of CLAP.</summary>
static class ClapFiles
{
    static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <exception cref="OptionException">The model is no HTS-AT with RoBERTa and its pooler.</exception>
    public static IReadOnlyList<(string Name, string Content)> Of(string folder)
    {
        var config = ModelFolder.ReadConfig(folder);
        if (config is not { AudioEncoder: HtsAtConfig audio, TextEncoder: RobertaConfig { Pooling: TextPooling.Pooler } text }
            || config.AudioHeadWidth != config.EmbeddingDimension || config.TextHeadWidth != config.EmbeddingDimension)
            throw new OptionException($"{folder}: a CLAP of Hugging Face is an HTS-AT and a RoBERTa with its pooler, with heads as "
                + "wide as the space between them");
        return [("config.json", Text(Config(config, audio, text))),
            (ConversionDraft.PreprocessorName, Text(Preprocessor(config))), .. TextTokenizer.FromFile(folder).ToFiles()];
    }

    static JsonObject Config(RetrievalModelConfig config, HtsAtConfig audio, RobertaConfig text) => new()
    {
        ["architectures"] = new JsonArray("ClapModel"),
        ["model_type"] = "clap",
        ["projection_dim"] = config.EmbeddingDimension,
        ["projection_hidden_act"] = "relu",
        ["hidden_size"] = text.Width,
        ["audio_config"] = new JsonObject
        {
            ["model_type"] = "clap_audio_model",
            ["window_size"] = audio.Window,
            ["num_mel_bins"] = audio.MelBins,
            ["spec_size"] = audio.ImageSize,
            ["hidden_act"] = "gelu",
            ["patch_size"] = audio.PatchSize,
            ["patch_stride"] = new JsonArray(audio.PatchSize, audio.PatchSize),
            ["hidden_size"] = audio.Width,
            ["depths"] = new JsonArray([.. audio.Depths.Select(depth => (JsonNode)depth)]),
            ["num_hidden_layers"] = audio.Depths.Count,
            ["num_attention_heads"] = new JsonArray([.. audio.Heads.Select(heads => (JsonNode)heads)]),
            ["enable_fusion"] = false,
            ["patch_embed_input_channels"] = 1,
            ["patch_embeds_hidden_size"] = audio.PatchWidth,
            ["qkv_bias"] = audio.QkvBias,
            ["mlp_ratio"] = audio.MlpRatio,
            ["layer_norm_eps"] = audio.LayerNormEpsilon,
            ["projection_dim"] = config.EmbeddingDimension,
            ["projection_hidden_act"] = "relu",
        },
        ["text_config"] = TextConfig(config, text),
    };

    static JsonObject TextConfig(RetrievalModelConfig config, RobertaConfig text)
    {
        var json = text.ToJson();
        json.Remove("architectures");
        json["model_type"] = "clap_text_model";
        json["bos_token_id"] = 0;
        json["eos_token_id"] = 2;
        json["projection_dim"] = config.EmbeddingDimension;
        json["projection_hidden_act"] = "relu";
        return json;
    }

    static JsonObject Preprocessor(RetrievalModelConfig config) => new()
    {
        ["feature_extractor_type"] = "ClapFeatureExtractor",
        ["processor_class"] = "ClapProcessor",
        ["sampling_rate"] = config.LogMel.SampleRateHz,
        ["fft_window_size"] = config.LogMel.WindowSamples,
        ["n_fft"] = config.LogMel.WindowSamples,
        ["nb_frequency_bins"] = config.LogMel.WindowSamples / 2 + 1,
        ["hop_length"] = config.LogMel.HopSamples,
        ["feature_size"] = config.LogMel.MelBins,
        ["frequency_min"] = config.LogMel.MinHz,
        ["frequency_max"] = config.LogMel.MaxHz,
        ["max_length_s"] = config.MaxSeconds,
        ["chunk_length_s"] = config.MaxSeconds,
        ["nb_max_samples"] = config.LongestSamples,
        ["padding"] = config.ShortClips == ShortClipRule.Repeat ? "repeatpad" : "pad",
        ["truncation"] = "rand_trunc",
        ["padding_side"] = "right",
        ["padding_value"] = 0.0,
        ["return_attention_mask"] = false,
        ["top_db"] = null,
    };

    static string Text(JsonObject json) => json.ToJsonString(_indented) + "\n";
}
