using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.Text;

namespace NativeRetrieval.Models;

/// <summary>
/// A model as a folder in Hugging Face's shape: <c>config.json</c>, <c>model.safetensors</c>, <c>vocab.txt</c>, <c>tokenizer_config.json</c>,
/// <c>preprocessor_config.json</c>, <c>README.md</c>, and <c>SHA256SUMS</c> over all of them.
/// </summary>
public static class ModelPackage
{
    const string ConfigName = "config.json", WeightsName = "model.safetensors", VocabularyName = "vocab.txt", TokenizerName = "tokenizer_config.json",
        PreprocessorName = "preprocessor_config.json", CardName = "README.md", SumsName = "SHA256SUMS";

    /// <summary>Writes the model into an existing folder, each file durably, the checksums last.</summary>
    /// <param name="card">The model card (Markdown): what it was trained on and how well it does.</param>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Save(string folder, RetrievalModel model, string card)
    {
        var options = model.Tokenizer.Options;
        DurableFile.WriteAllText(At(ConfigName), JsonSerializer.Serialize(model.Config, ModelJson.Default.RetrievalModelConfig) + "\n");
        StateFile.Write(At(WeightsName), model);
        DurableFile.WriteAllText(At(VocabularyName), model.Tokenizer.Vocabulary.ToVocabularyFile());
        DurableFile.WriteAllText(At(TokenizerName), TokenizerJson(options).ToJsonString(Indented) + "\n");
        DurableFile.WriteAllText(At(PreprocessorName), PreprocessorJson(model.Config).ToJsonString(Indented) + "\n");
        DurableFile.WriteAllText(At(CardName), card);
        var sums = new StringBuilder();
        foreach (string name in (string[])[CardName, ConfigName, WeightsName, PreprocessorName, TokenizerName, VocabularyName])
            sums.Append(Hash(At(name))).Append("  ").Append(name).Append('\n');
        DurableFile.WriteAllText(At(SumsName), sums.ToString());

        string At(string name) => Path.Combine(folder, name);
    }

    /// <summary>Reads a model. Every file is checked against <c>SHA256SUMS</c> where the folder has one.</summary>
    /// <param name="adjust">Changes what does not depend on the weights, such as dropout; null: nothing.</param>
    /// <exception cref="FileReadException">The folder or one of its files is absent.</exception>
    /// <exception cref="CorruptFileException">A file is damaged, was changed, or does not fit the others.</exception>
    public static RetrievalModel Load(string folder, Device device, Func<RetrievalModelConfig, RetrievalModelConfig>? adjust = null)
    {
        RequireConfig(folder);
        VerifySums(folder);
        var config = ReadConfig(folder);
        if (adjust is not null) config = adjust(config);
        var model = new RetrievalModel(config, ReadTokenizer(folder), device, new PhiloxSequence(default));
        try
        {
            if (model.Tokenizer.Vocabulary.Size > config.TextEncoder.VocabularySize)
                throw new CorruptFileException(folder, $"the tokenizer has {model.Tokenizer.Vocabulary.Size} tokens, the text encoder {config.TextEncoder.VocabularySize}; they belong to different models");
            using var weights = SafetensorsFile.Open(Path.Combine(folder, WeightsName));
            StateFile.Read(weights, model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>SHA-256 over configuration, weights and vocabulary: vectors of models with another fingerprint are not comparable.</summary>
    public static string Fingerprint(string folder)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in (string[])[ConfigName, WeightsName, VocabularyName])
            all.AppendData(Encoding.ASCII.GetBytes(Hash(Path.Combine(folder, name))));
        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The configuration of a model folder, without its weights.</summary>
    /// <exception cref="FileReadException">The folder or its configuration is absent.</exception>
    /// <exception cref="CorruptFileException">It is not a configuration of a model.</exception>
    public static RetrievalModelConfig ReadConfig(string folder)
    {
        string path = RequireConfig(folder);
        try
        {
            using var document = JsonFile.Open(path);
            var config = document.Deserialize(ModelJson.Default.RetrievalModelConfig) ?? throw new CorruptFileException(path, "holds null");
            config.Validate();
            return config;
        }
        catch (Exception e) when (e is JsonException or OptionException)
        {
            throw new CorruptFileException(path, $"is not a model configuration: {e.Message}", e);
        }
    }

    static string RequireConfig(string folder)
    {
        string path = Path.Combine(folder, ConfigName);
        return File.Exists(path) ? path : throw new FileReadException(path, "is absent; a model is a folder as `nativeretrieval train … --to` writes it");
    }

    static WordPieceTokenizer ReadTokenizer(string folder)
    {
        try
        {
            return WordPieceTokenizer.FromFile(folder);
        }
        catch (TokenizerFileException e)
        {
            throw new CorruptFileException(e.Path, e.Problem, e);
        }
    }

    static void VerifySums(string folder)
    {
        string path = Path.Combine(folder, SumsName);
        if (!File.Exists(path)) return;
        foreach (string line in File.ReadLines(path))
        {
            string[] parts = line.Split("  ", 2);
            if (parts.Length != 2 || parts[1] != Path.GetFileName(parts[1])) throw new CorruptFileException(path, $"'{line}' is not a checksum line");
            string file = Path.Combine(folder, parts[1]);
            if (!File.Exists(file)) throw new CorruptFileException(file, $"is listed in {SumsName} but absent");
            if (Hash(file) != parts[0]) throw new CorruptFileException(file, $"does not have the checksum that {SumsName} lists; restore it, or delete {SumsName} if the change is yours");
        }
    }

    static JsonObject TokenizerJson(WordPieceOptions options)
    {
        var stored = new WordPieceOptions();
        if (options.CleanText != stored.CleanText || options.MaxWordLength != stored.MaxWordLength || options.ContinuationPrefix != stored.ContinuationPrefix)
            throw new OptionException("the tokenizer cleans text, limits words or marks continuations in a way that tokenizer_config.json cannot say");
        return new JsonObject
        {
            ["tokenizer_class"] = "BertTokenizer",
            ["do_lower_case"] = options.LowerCase,
            ["strip_accents"] = options.StripAccents,
            ["tokenize_chinese_chars"] = options.SplitIdeographs,
            ["model_max_length"] = options.MaxLength,
            ["unk_token"] = options.UnknownToken,
            ["cls_token"] = options.ClassToken,
            ["sep_token"] = options.SeparatorToken,
            ["pad_token"] = options.PaddingToken,
            ["mask_token"] = options.MaskToken,
        };
    }

    /// <summary>For other programs; this one reads the front end from config.json.</summary>
    static JsonObject PreprocessorJson(RetrievalModelConfig config) => new()
    {
        ["feature_extractor_type"] = "LogMel",
        ["sampling_rate"] = config.LogMel.SampleRateHz,
        ["n_fft"] = config.LogMel.WindowSamples,
        ["hop_length"] = config.LogMel.HopSamples,
        ["feature_size"] = config.LogMel.MelBins,
        ["f_min"] = config.LogMel.MinHz,
        ["f_max"] = config.LogMel.MaxHz,
        ["amin"] = config.LogMel.Floor,
        ["mel_scale"] = "slaney",
        ["resampler"] = config.Resampler,
    };

    static string Hash(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, e.Message, e);
        }
    }
}
