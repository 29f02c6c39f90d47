using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Text;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training;

/// <summary>Builds the model that a run starts from.</summary>
public static class ModelFactory
{
    /// <summary>A fresh model: everything from scratch, or with a pre-trained text encoder.</summary>
    /// <param name="data">Its captions make the vocabulary of a text encoder from scratch.</param>
    /// <param name="textModel">Folder of a pre-trained BERT in Hugging Face's shape; null: from scratch.</param>
    public static RetrievalModel Create(TrainingSettings settings, Dataset data, string? textModel, Device device)
    {
        var random = new PhiloxSequence(new RunRandom((ulong)settings.Seed).Stream(RandomUse.Initialization, 0));
        if (settings.Model.AudioEncoder != AudioEncoderKind.Cnn14)
            throw new OptionException($"model.audio_encoder={settings.Model.AudioEncoder} is not available; choose cnn14");
        if (textModel is null)
        {
            var tokenizer = FromScratch(settings, data);
            var scratch = new BertConfig
            {
                VocabularySize = tokenizer.Vocabulary.Size,
                Width = settings.Text.HiddenWidth,
                Layers = settings.Text.Layers,
                Heads = settings.Text.Heads,
                HiddenWidth = settings.Text.FeedForwardWidth,
                MaxPositions = settings.Text.MaxTokens,
                Pooling = settings.Text.Pooling,
            };
            return new RetrievalModel(Config(settings, WithDropout(scratch, settings)), tokenizer, device, random);
        }
        var config = WithDropout(BertFolder.ReadConfig(textModel), settings);
        // A sentence-transformers folder says how its sentences are pooled; a plain one leaves it to the settings.
        if (!File.Exists(Path.Combine(textModel, "1_Pooling", "config.json"))) config = config with { Pooling = settings.Text.Pooling };
        var encoder = BertFolder.ReadEncoder(textModel, device, out _, config);
        return new RetrievalModel(Config(settings, config), BertFolder.ReadTokenizer(textModel, config), device, random, encoder);
    }

    /// <summary>A model that was trained before, with this run's dropout, padding and limits.</summary>
    public static RetrievalModel From(string folder, TrainingSettings settings, Device device) =>
        ModelPackage.Load(folder, device, config => config with
        {
            AudioEncoder = config.AudioEncoder with { Dropout = settings.Model.AudioDropout },
            TextEncoder = WithDropout(config.TextEncoder, settings),
            Padding = settings.Audio.Padding,
            MaxSeconds = settings.Audio.MaxSeconds,
            MaxTokens = Math.Min(settings.Text.MaxTokens, config.TextEncoder.MaxPositions),
        });

    /// <summary>The tokenizer, caption rule and token limit that a run's model will have, without building the model.</summary>
    public static (WordPieceTokenizer Tokenizer, CaptionNormalizer Captions, int MaxTokens) Tokenizer(TrainingSettings settings, Dataset data, string? textModel, string? initialModel)
    {
        if (initialModel is not null)
        {
            var config = ModelPackage.ReadConfig(initialModel);
            return (WordPieceTokenizer.FromFile(initialModel), config.Captions, Math.Min(settings.Text.MaxTokens, config.TextEncoder.MaxPositions));
        }
        if (textModel is null) return (FromScratch(settings, data), settings.Text.Normalizer, settings.Text.MaxTokens);
        var text = BertFolder.ReadConfig(textModel);
        return (BertFolder.ReadTokenizer(textModel, text), settings.Text.Normalizer, Math.Min(settings.Text.MaxTokens, text.MaxPositions));
    }

    static WordPieceTokenizer FromScratch(TrainingSettings settings, Dataset data) =>
        new(Vocabulary.FromCaptions(data.Clips.SelectMany(clip => clip.Captions).Select(settings.Text.Normalizer.Apply)), new WordPieceOptions { MaxLength = settings.Text.MaxTokens });

    static RetrievalModelConfig Config(TrainingSettings settings, BertConfig text) => new()
    {
        AudioEncoder = new Cnn14Config
        {
            Channels = settings.Model.Cnn14Widths,
            PoolBlock6 = settings.Model.Block6Pooling == Block6Pooling.TwoByTwo,
            Dropout = settings.Model.AudioDropout,
        },
        TextEncoder = text,
        AudioHeadWidth = settings.Model.AudioHeadWidth,
        TextHeadWidth = settings.Model.TextHeadWidth,
        EmbeddingDimension = settings.Model.EmbeddingDimension,
        Padding = settings.Audio.Padding,
        MaxSeconds = settings.Audio.MaxSeconds,
        Captions = settings.Text.Normalizer,
        MaxTokens = Math.Min(settings.Text.MaxTokens, text.MaxPositions),
    };

    static BertConfig WithDropout(BertConfig config, TrainingSettings settings) =>
        config with { Dropout = settings.Text.Dropout, AttentionDropout = settings.Text.Dropout };
}
