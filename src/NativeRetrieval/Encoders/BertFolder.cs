using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.Text;

namespace NativeRetrieval.Encoders;

/// <summary>
/// A pre-trained BERT or RoBERTa as Hugging Face and sentence-transformers lay it out: <c>config.json</c>, <c>model.safetensors</c>,
/// the tokenizer's files, and <c>1_Pooling/config.json</c> where the pooling is not [CLS].
/// </summary>
public static class BertFolder
{
    /// <summary>The configuration and pooling that the folder declares.</summary>
    /// <exception cref="FileReadException"><c>config.json</c> is missing.</exception>
    /// <exception cref="CorruptFileException">A file is damaged or describes something else than BERT.</exception>
    public static BertConfig ReadConfig(string folder)
    {
        var config = BertConfig.Read(Path.Combine(folder, "config.json"));
        return DeclaresPooling(folder) ? config with { Pooling = ReadPooling(PoolingPath(folder)) } : config;
    }

    /// <summary>
    /// True: the folder says how sentences are pooled, as those of sentence-transformers do. False: it leaves that to its user.
    /// </summary>
    public static bool DeclaresPooling(string folder) => File.Exists(PoolingPath(folder));

    static string PoolingPath(string folder) => Path.Combine(folder, "1_Pooling", "config.json");

    /// <summary>The folder's tokenizer, which never makes sentences longer than the model's position table.</summary>
    /// <exception cref="CorruptFileException">
    /// The tokenizer's files are missing, damaged or of another kind, or have ids beyond the model's vocabulary.
    /// </exception>
    public static TextTokenizer ReadTokenizer(string folder, BertConfig config)
    {
        var tokenizer = TextTokenizer.FromFile(folder);
        if (tokenizer.Vocabulary.Size > config.VocabularySize)
            throw new CorruptFileException(folder, $"the tokenizer has ids up to {tokenizer.Vocabulary.Size - 1}, "
                + $"the model's vocabulary ends at {config.VocabularySize - 1}; they belong to different models");
        return tokenizer.WithMaxLength(Math.Min(tokenizer.Options.MaxLength, config.MaxTokens));
    }

    /// <summary>Builds the encoder and fills it with the folder's weights.</summary>
    /// <param name="config">The folder's own, or that with another pooling or dropout; null: the folder's own.</param>
    /// <param name="ignored">Names of tensors that an encoder has no use for: poolers, heads, position ids.</param>
    /// <exception cref="CorruptFileException">A tensor is missing, has another shape, or is none of BERT's.</exception>
    public static BertEncoder ReadEncoder(string folder, Device device, out IReadOnlyList<string> ignored, BertConfig? config = null,
        DType dtype = DType.Float32)
    {
        string weights = Path.Combine(folder, "model.safetensors");
        if (!File.Exists(weights))
            throw new FileReadException(weights, File.Exists(Path.Combine(folder, "pytorch_model.bin"))
                ? "there is only pytorch_model.bin; turn it into model.safetensors by `nativeretrieval convert`"
                : "there is no such file; a BERT folder has its weights in it");

        using var file = SafetensorsFile.Open(weights);
        using var budget = new TensorBudget(file);
        var encoder = new BertEncoder(config ?? ReadConfig(folder), device, random: null, dtype);
        try
        {
            ignored = StateFile.Read(file, encoder, BertNames.Rename(file.Names, encoder.Config));
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    static TextPooling ReadPooling(string path)
    {
        using var document = JsonFile.Open(path);
        var json = new JsonConfig(path, document.RootElement);
        bool first = json.Flag("pooling_mode_cls_token"), mean = json.Flag("pooling_mode_mean_tokens");
        if (json.Flag("pooling_mode_max_tokens") || json.Flag("pooling_mode_mean_sqrt_len_tokens")
            || json.Flag("pooling_mode_weightedmean_tokens")
            || json.Flag("pooling_mode_lasttoken") || first == mean)
            throw new CorruptFileException(path,
                "expected exactly one of pooling_mode_cls_token and pooling_mode_mean_tokens, and no other pooling");
        return mean ? TextPooling.Mean : TextPooling.Cls;
    }
}
