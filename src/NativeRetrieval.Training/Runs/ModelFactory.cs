using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Models;
using NativeRetrieval.Text;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>Builds the model that a run starts from.</summary>
public static class ModelFactory
{
    /// <summary>A fresh model: everything from scratch, or with pre-trained encoders.</summary>
    /// <param name="data">Its captions make the vocabulary of a text encoder from scratch.</param>
    /// <param name="textModel">Folder of a pre-trained BERT in Hugging Face's shape; null: from scratch.</param>
    /// <param name="audioModel">Folder of a pre-trained audio encoder, whose front end the model takes, too; null: from scratch.</param>
    public static RetrievalModel Create(
        TrainingSettings settings, Dataset data, string? textModel, Device device, string? audioModel = null)
    {
        var random = new PhiloxSequence(new RunRandom((ulong)settings.Seed).Stream(RandomUse.Initialization, 0));
        var (text, tokenizer) = textModel is null ? Scratch(settings, data) : Pretrained(settings, textModel);
        var start = audioModel is null
            ? new RetrievalModelConfig { AudioEncoder = Scratch(settings.Model) }
            : Start(AudioEncoderFolder.ReadPackage(audioModel));
        // The report takes PANNs' weights for CNN14 and pools otherwise than PANNs: the weights do not decide it.
        if (start.AudioEncoder is Cnn14Config cnn14)
            start = start with { AudioEncoder = cnn14 with { PoolBlock6 = settings.Model.Block6Pooling == Block6Pooling.TwoByTwo } };
        var config = Configure(start with { TextEncoder = text }, settings) with
        {
            AudioHeadWidth = settings.Model.AudioHeadWidth,
            TextHeadWidth = settings.Model.TextHeadWidth,
            EmbeddingDimension = settings.Model.EmbeddingDimension,
            Captions = settings.Text.Normalizer,
        };
        return new RetrievalModel(config, tokenizer, device, random,
            textModel is null ? null : BertFolder.ReadEncoder(textModel, device, out _, config.TextEncoder),
            audioModel is null ? null : AudioEncoderFolder.ReadEncoder(audioModel, device, config.AudioEncoder));
    }

    /// <summary>A model that was trained before, with this run's dropout, padding and limits.</summary>
    public static RetrievalModel From(string folder, TrainingSettings settings, Device device) =>
        ModelFolder.Load(folder, device, config => Configure(config, settings));

    /// <summary>The tokenizer, caption rule and token limit that a run's model will have, without building the model.</summary>
    public static (TextTokenizer Tokenizer, CaptionNormalizer Captions, int MaxTokens) Tokenizer(
        TrainingSettings settings, Dataset data, string? textModel, string? initialModel)
    {
        if (initialModel is not null)
        {
            var config = ModelFolder.ReadConfig(initialModel);
            return (TextTokenizer.FromFile(initialModel), config.Captions,
                Math.Min(settings.Text.MaxTokens, config.TextEncoder.MaxTokens));
        }
        if (textModel is null) return (FromScratch(settings, data), settings.Text.Normalizer, settings.Text.MaxTokens);
        var text = BertFolder.ReadConfig(textModel);
        return (BertFolder.ReadTokenizer(textModel, text), settings.Text.Normalizer, Math.Min(settings.Text.MaxTokens, text.MaxTokens));
    }

    static TextTokenizer FromScratch(TrainingSettings settings, Dataset data) =>
        new(Vocabulary.FromCaptions(data.Clips.SelectMany(clip => clip.Captions).Select(settings.Text.Normalizer.Apply)),
            new TextTokenizerOptions { MaxLength = settings.Text.MaxTokens });

    /// <summary>A model's configuration around a pre-trained audio encoder.</summary>
    internal static RetrievalModelConfig Start(AudioEncoderPackage package) =>
        new()
        {
            AudioEncoder = package.AudioEncoder, LogMel = package.LogMel, Resampler = package.Resampler, ShortClips = package.ShortClips,
        };

    /// <summary>The choices of a run, whatever its weights come from.</summary>
    static RetrievalModelConfig Configure(RetrievalModelConfig config, TrainingSettings settings) => config with
    {
        AudioEncoder = config.AudioEncoder with { Dropout = settings.Model.AudioDropout },
        TextEncoder = config.TextEncoder with { Dropout = settings.Text.Dropout, AttentionDropout = settings.Text.Dropout },
        Padding = settings.Audio.Padding,
        PaddedBatch = settings.Audio.Padding == PaddingRule.Paper ? settings.Training.BatchSize : null,
        MaxSeconds = settings.Audio.MaxSeconds,
        MaxTokens = Math.Min(settings.Text.MaxTokens, config.TextEncoder.MaxTokens),
        LogitScale = config.LogitScale?.At(settings.Loss.Temperature),
    };

    static AudioEncoderConfig Scratch(ModelSettings settings) =>
        settings.AudioEncoder.Published is ConvolutionalEncoderConfig convolutional
            ? convolutional with { Channels = settings.AudioChannels ?? settings.AudioEncoder.Channels }
            : settings.AudioEncoder.Published;

    static (BertConfig, TextTokenizer) Scratch(TrainingSettings settings, Dataset data)
    {
        var tokenizer = FromScratch(settings, data);
        var config = new BertConfig
        {
            VocabularySize = tokenizer.Vocabulary.Size,
            Width = settings.Text.HiddenWidth,
            Layers = settings.Text.Layers,
            Heads = settings.Text.Heads,
            HiddenWidth = settings.Text.FeedForwardWidth,
            MaxPositions = settings.Text.MaxTokens,
            Pooling = settings.Text.Pooling,
        };
        return (config, tokenizer);
    }

    static (BertConfig, TextTokenizer) Pretrained(TrainingSettings settings, string folder)
    {
        var config = BertFolder.ReadConfig(folder);
        // A sentence-transformers folder says how its sentences are pooled; a plain one leaves it to the settings.
        if (!BertFolder.DeclaresPooling(folder)) config = config with { Pooling = settings.Text.Pooling };
        return (config, BertFolder.ReadTokenizer(folder, config));
    }
}
