using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Hugging Face's <c>config.json</c> and <c>preprocessor_config.json</c> of a CLAP. Keys that are absent have the defaults of its classes
/// (<c>configuration_clap.py</c>, <c>feature_extraction_clap.py</c>); what cannot be computed here is refused.
/// </summary>
static class ClapConfigFile
{
    const string Kind = "clap";

    /// <summary>The text encoder.</summary>
    /// <exception cref="CorruptFileException">The file is damaged or describes something else.</exception>
    public static RobertaConfig Text(string path)
    {
        using var document = JsonFile.Open(path);
        var json = Part(path, document, "text_config");
        json.Expect("hidden_act", "gelu");
        json.Expect("position_embedding_type", "absolute");
        json.Expect("projection_hidden_act", "relu");
        return new RobertaConfig
        {
            VocabularySize = json.Integer("vocab_size", 50265),
            Width = json.Integer("hidden_size", 768),
            Layers = json.Integer("num_hidden_layers", 12),
            Heads = json.Integer("num_attention_heads", 12),
            HiddenWidth = json.Integer("intermediate_size", 3072),
            MaxPositions = json.Integer("max_position_embeddings", 514),
            Segments = json.Integer("type_vocab_size", 1),
            LayerNormEpsilon = json.Number("layer_norm_eps", 1e-12),
            Dropout = json.Number("hidden_dropout_prob", 0.1),
            AttentionDropout = json.Number("attention_probs_dropout_prob", 0.1),
            PaddingId = json.Integer("pad_token_id", 1),
            Pooling = TextPooling.Pooler,
        };
    }

    /// <summary>The audio encoder.</summary>
    /// <exception cref="CorruptFileException">The file is damaged or describes something else.</exception>
    public static HtsAtConfig Audio(string path)
    {
        using var document = JsonFile.Open(path);
        var json = Part(path, document, "audio_config");
        json.Expect("hidden_act", "gelu");
        json.Expect("projection_hidden_act", "relu");
        var usual = new HtsAtConfig();
        int patch = json.Integer("patch_size", usual.PatchSize);
        if (json.Flag("enable_fusion"))
            throw new CorruptFileException(path, "audio_config.enable_fusion is true: fused models mix long recordings inside the encoder, "
                + "which is not computed here; take the unfused one");
        if (json.Integers("patch_stride", [patch, patch]) is not [var down, var across] || down != patch || across != patch)
            throw new CorruptFileException(path, $"audio_config.patch_stride is not [{patch}, {patch}]: "
                + "overlapping patches are not computed here");
        if (json.Integer("patch_embed_input_channels", 1) != 1)
            throw new CorruptFileException(path, "audio_config.patch_embed_input_channels is not 1, which only fused models have");
        foreach (string flag in (string[])["enable_patch_layer_norm", "flatten_patch_embeds", "qkv_bias"])
            if (!json.Flag(flag, otherwise: true))
                throw new CorruptFileException(path, $"audio_config.{flag} is false, which is not computed here");
        return usual with
        {
            MelBins = json.Integer("num_mel_bins", usual.MelBins),
            ImageSize = json.Integer("spec_size", usual.ImageSize),
            PatchSize = patch,
            PatchWidth = json.Integer("patch_embeds_hidden_size", usual.PatchWidth),
            Depths = json.Integers("depths", usual.Depths),
            Heads = json.Integers("num_attention_heads", usual.Heads),
            Window = json.Integer("window_size", usual.Window),
            MlpRatio = json.Number("mlp_ratio", usual.MlpRatio),
            LayerNormEpsilon = json.Number("layer_norm_eps", usual.LayerNormEpsilon),
        };
    }

    /// <summary>Front end, longest stretch and filling of shorter clips.</summary>
    /// <exception cref="CorruptFileException">The file is damaged or describes a front end that cannot be computed here.</exception>
    public static (LogMelSettings LogMel, double MaxSeconds, ShortClipRule ShortClips) FrontEnd(string path)
    {
        using var document = JsonFile.Open(path);
        var json = new JsonConfig(path, document.RootElement);
        json.Expect("feature_extractor_type", "ClapFeatureExtractor");
        // Fused models have a mel scale of another form.
        if (json.OneOf("truncation", ["fusion", "rand_trunc"]) == 0)
            throw new CorruptFileException(path,
                "truncation is \"fusion\", the default: the front end of fused models is not computed here");
        if (json.Number("top_db", double.NaN) is var limit && !double.IsNaN(limit))
            throw new CorruptFileException(path, $"top_db is {limit}, which is not computed here; expected null");
        var shortClips = json.OneOf("padding", ["repeatpad", "pad"]) == 0 ? ShortClipRule.Repeat : throw new CorruptFileException(path,
            "padding is \"pad\", zeros behind a clip, which is not computed here; expected \"repeatpad\"");
        var logMel = new LogMelSettings
        {
            SampleRateHz = json.Integer("sampling_rate", 48_000),
            WindowSamples = json.Integer("fft_window_size", 1024),
            HopSamples = json.Integer("hop_length", 480),
            MelBins = json.Integer("feature_size", 64),
            MinHz = json.Number("frequency_min", 0),
            MaxHz = json.Number("frequency_max", 14_000),
        };
        return (logMel, json.Number("max_length_s", 10), shortClips);
    }

    static JsonConfig Part(string path, System.Text.Json.JsonDocument document, string key)
    {
        var json = new JsonConfig(path, document.RootElement);
        json.Expect("model_type", Kind);
        json.Expect("projection_hidden_act", "relu");
        return json.Part(key);
    }
}
