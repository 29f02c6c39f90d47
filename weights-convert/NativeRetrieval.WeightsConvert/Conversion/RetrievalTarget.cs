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
        var bert = draft.TextConfig(declared?.TextEncoder ?? Beside(vocabulary), strict: declared is not null);
        // The report's dropout, and its choice of the first token; a file that was exported from here says what it had.
        if (declared is null)
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
        declared ??= new RetrievalModelConfig { MaxTokens = Math.Min(new RetrievalModelConfig().MaxTokens, bert.MaxPositions) };
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
        ModelFolder.Save(draft.Folder, config, tokenizer, draft.Items, draft.Card("Retrieval model"), draft.Metadata);
        return ConversionReport.RetrievalModel;
    }

    static PartMatch Head(ConversionDraft draft, string target) => draft.Match.Parts.Single(part => part.Part.Target == target).Match;

    static BertConfig? Beside(string vocabulary) =>
        File.Exists(Path.Combine(vocabulary, "config.json")) ? BertFolder.ReadConfig(vocabulary) : null;

    static void Expect(ConversionDraft draft, long found, long expected, string message)
    {
        if (found != expected)
            throw new CorruptFileException(draft.Request.Checkpoint, string.Format(CultureInfo.InvariantCulture, message, found, expected));
    }
}
