using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Writes a whole model folder.</summary>
static class RetrievalTarget
{
    /// <returns>The kind of folder.</returns>
    public static string Write(ConversionDraft draft)
    {
        string vocabulary = TokenizerFiles.Find(draft.Request.Vocabulary, draft.Request.Checkpoint);
        var (audio, text) = (Head(draft, "audio_linear."), Head(draft, "text_linear."));
        var declared = draft.Declared(ModelJson.Default.RetrievalModelConfig, new(), config => config.Validate(),
            RetrievalModelConfig.Kind);
        var encoder = AudioSettings.Of(draft,
            declared is null
                ? null
                : new() { AudioEncoder = declared.AudioEncoder, LogMel = declared.LogMel, Resampler = declared.Resampler });
        var clap = declared is null ? draft.ClapText() : null;
        var bert = draft.TextConfig(declared?.TextEncoder ?? clap ?? Beside(draft, vocabulary),
            strict: declared is not null || clap is not null);
        // The report's dropout, and its choice of the first token; a file that was exported from here says what it had.
        if (declared is null && bert.Architecture == BertEncoder.Architecture)
            bert = bert with
            {
                Dropout = new BertConfig().Dropout,
                AttentionDropout = new BertConfig().AttentionDropout,
                Pooling = TextPooling.Cls,
            };
        Expect(draft, audio.Sizes["inputs"], encoder.AudioEncoder.Width,
            "the audio head takes vectors of {0}, the audio encoder makes {1}");
        Expect(draft, text.Sizes["inputs"], bert.Width, "the text head takes vectors of {0}, the text encoder makes {1}");
        Expect(draft, audio.Sizes["outputs"], text.Sizes["outputs"], "the audio head makes vectors of {0}, the text head of {1}");
        var tokenizer = TokenizerFiles.Read(vocabulary, bert.VocabularySize);
        declared ??= Usual(draft, encoder, bert);
        var config = declared with
        {
            AudioEncoder = encoder.AudioEncoder,
            LogMel = encoder.LogMel,
            Resampler = encoder.Resampler,
            TextEncoder = bert,
            AudioHeadWidth = audio.Size("hidden"),
            TextHeadWidth = text.Size("hidden"),
            EmbeddingDimension = audio.Size("outputs"),
        };
        config.Validate();
        draft.Settings.Add(("space", string.Create(CultureInfo.InvariantCulture, $"{config.EmbeddingDimension} dimensions")));
        ModelFolder.Save(draft.Folder, config, tokenizer, draft.Items,
            $"{draft.Card("Retrieval model")}\n{config.WindowRule}\n", draft.Metadata);
        return ConversionReport.RetrievalModel;
    }

    /// <summary>Settings that the form, or its own file, gives its models beside their sizes.</summary>
    static RetrievalModelConfig Usual(ConversionDraft draft, AudioEncoderPackage audio, BertConfig text)
    {
        var (seconds, shortClips) = draft.Beside(ConversionDraft.PreprocessorName) is { } path
            ? (ClapConfigFile.FrontEnd(path).MaxSeconds, ClapConfigFile.FrontEnd(path).ShortClips)
            : (draft.Form.MaxSeconds, draft.Form.ShortClips);
        // The narrow models of tests take less than the published ones of their form.
        if (draft.Beside(ConversionDraft.PreprocessorName) is null && audio.AudioEncoder.MostFrames is { } most)
            seconds = Math.Min(seconds, Math.Floor((most - 1.0) * audio.LogMel.HopSamples / audio.LogMel.SampleRateHz));
        string shorter = shortClips == ShortClipRule.Repeat ? "repeated to that"
            : draft.Form.Padding == PaddingRule.Paper ? $"with silence up to the longest of {draft.Form.PaddedBatch} pairs"
            : "in their own length";
        draft.Settings.Add(("longest stretch", string.Create(CultureInfo.InvariantCulture, $"{seconds} s, shorter clips {shorter}")));
        return new()
        {
            MaxSeconds = seconds,
            ShortClips = shortClips,
            Padding = draft.Form.Padding,
            PaddedBatch = draft.Form.PaddedBatch,
            Captions = draft.Form.Normalizer,
            MaxTokens = Math.Min(draft.Form.MaxTokens, text.MaxTokens),
            LogitScale = draft.Scale(),
        };
    }

    static PartMatch Head(ConversionDraft draft, string target) => draft.Match.Parts.Single(part => part.Part.Target == target).Match;

    static BertConfig? Beside(ConversionDraft draft, string vocabulary) =>
        !draft.Form.ClapConfig && File.Exists(Path.Combine(vocabulary, "config.json")) ? BertFolder.ReadConfig(vocabulary) : null;

    static void Expect(ConversionDraft draft, long found, long expected, string message)
    {
        if (found != expected)
            throw new CorruptFileException(draft.Request.Checkpoint, string.Format(CultureInfo.InvariantCulture, message, found, expected));
    }
}
