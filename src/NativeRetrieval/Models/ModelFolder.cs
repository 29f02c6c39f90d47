using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.Text;

namespace NativeRetrieval.Models;

/// <summary>
/// A model as a folder in Hugging Face's shape: <c>config.json</c>, <c>model.safetensors</c>, the tokenizer's files (<c>vocab.txt</c> or
/// <c>vocab.json</c> with <c>merges.txt</c>, and <c>tokenizer_config.json</c>), <c>preprocessor_config.json</c>, <c>README.md</c>, and
/// <c>SHA256SUMS</c> over all of them.
/// </summary>
public static class ModelFolder
{
    const string ConfigName = "config.json", WeightsName = "model.safetensors", PreprocessorName = "preprocessor_config.json",
        CardName = "README.md";

    /// <summary>Smaller tables would save little, and cost each token a call to the system.</summary>
    const long LargeTableBytes = 16 << 20;

    static readonly string[] _vocabularyNames = ["vocab.txt", "vocab.json", "merges.txt"];

    /// <summary>Writes the model into an existing folder, each file durably, the checksums last.</summary>
    /// <param name="card">The model card (Markdown): what it was trained on and how well it does.</param>
    /// <exception cref="OptionException">
    /// A host brought the model's tokenizer, which the folder's files cannot say; or the text encoder is in 8 bits.
    /// </exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Save(string folder, RetrievalModel model, string card)
    {
        if (model.Parts != ModelParts.Audio && model.TextEncoder.Precision == TextPrecision.Int8)
            throw new OptionException($"{folder}: the model's text encoder was opened in 8 bits and has no other weights; open it in "
                + "float32 to save it");
        Save(folder, model.Config, model.TextTokenizer, StateFile.Items(model), card);
    }

    /// <summary>Writes a model whose weights need not be in memory.</summary>
    /// <param name="weights">Every tensor of a <see cref="RetrievalModel"/> of this configuration.</param>
    /// <param name="metadata">Text pairs for the header of the weights.</param>
    /// <inheritdoc cref="Save(string, RetrievalModel, string)"/>
    public static void Save(string folder, RetrievalModelConfig config, TextTokenizer tokenizer, IEnumerable<SafetensorsItem> weights,
        string card,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var tokenizerFiles = TokenizerFiles(folder, tokenizer);
        DurableFile.WriteAllText(At(ConfigName), ModelJson.Text(config, ModelJson.Default.RetrievalModelConfig));
        SafetensorsWriter.Write(At(WeightsName), weights, metadata);
        foreach (var (name, content) in tokenizerFiles) DurableFile.WriteAllText(At(name), content);
        DurableFile.WriteAllText(At(PreprocessorName), PreprocessorFile.Text(config.LogMel, config.Resampler, config.ShortClips));
        DurableFile.WriteAllText(At(CardName), card);
        FolderSums.Write(folder,
            [CardName, ConfigName, WeightsName, PreprocessorName, .. tokenizerFiles.Select(file => file.Name).Reverse()]);

        string At(string name) => Path.Combine(folder, name);
    }

    /// <summary>Reads a model. Every file is checked against <c>SHA256SUMS</c> where the folder has one.</summary>
    /// <param name="adjust">Changes what does not depend on the weights, such as dropout; null: nothing.</param>
    /// <param name="tokenizer">A host's own tokenizer, which the text encoder was trained with; null: the folder's.</param>
    /// <param name="parts">Encoders to read; the other's weights take no memory.</param>
    /// <param name="textPrecision">Precision of the text encoder; in 8 bits the model can be neither trained nor saved.</param>
    /// <exception cref="FileReadException">The folder or one of its files is absent.</exception>
    /// <exception cref="CorruptFileException">A file is damaged, was changed, or does not fit the others.</exception>
    /// <exception cref="OptionException">The device does not have the precision.</exception>
    public static RetrievalModel Load(string folder, Device device, Func<RetrievalModelConfig, RetrievalModelConfig>? adjust = null,
        TextTokenizer? tokenizer = null, ModelParts parts = ModelParts.Both, TextPrecision textPrecision = TextPrecision.Float32) =>
        Open(folder, device, adjust, tokenizer, parts, textPrecision, forInference: false).Model;

    /// <summary>Reads a model and its fingerprint, and each file for its checksum once.</summary>
    /// <param name="forInference">
    /// True for a model that is only evaluated: large tables of embeddings stay in the file, as a sentence needs a few of tens of thousands
    /// of words, and linear weights are put into the order of products (<see cref="Module.ForInference"/>) part by part.
    /// </param>
    /// <inheritdoc cref="Load"/>
    internal static (RetrievalModel Model, string Fingerprint) Open(string folder, Device device,
        Func<RetrievalModelConfig, RetrievalModelConfig>? adjust, TextTokenizer? tokenizer, ModelParts parts,
        TextPrecision textPrecision, bool forInference)
    {
        TextPrecisionName.Require(textPrecision, device);
        RequireConfig(folder);
        var verified = FolderSums.Verify(folder);
        var config = ReadConfig(folder);
        if (adjust is not null) config = adjust(config);
        tokenizer ??= TextTokenizer.FromFile(folder);
        using var weights = SafetensorsFile.Open(Path.Combine(folder, WeightsName));
        using var budget = new TensorBudget(weights);
        var model = new RetrievalModel(config, tokenizer, device, random: null, parts: parts);
        try
        {
            if (model.TextTokenizer.Vocabulary.Size > config.TextEncoder.VocabularySize)
                throw new CorruptFileException(folder,
                    $"the tokenizer has {model.TextTokenizer.Vocabulary.Size} tokens, "
                        + $"the text encoder {config.TextEncoder.VocabularySize}; they belong to different models");
            StateFile.Read(weights, model, name => RetrievalModel.IsOutside(parts, name) ? null : name,
                forInference ? LargeTableBytes : long.MaxValue, Finish);
            if (forInference) model.ForInference(); // what was not rounded to 8 bits
            if (device is CpuDevice cpu && textPrecision == TextPrecision.Int8) cpu.ReleaseIdle();
            return (model, Fingerprint(folder, verified));
        }
        catch
        {
            model.Dispose();
            throw;
        }

        void Finish(Module part)
        {
            if (textPrecision == TextPrecision.Int8) Reduce(part, folder);
            else if (forInference) part.ForInference();
        }
    }

    /// <summary>Rounds a layer of the text encoder that was just read, before the next takes memory; the encoder comes last.</summary>
    static void Reduce(Module part, string folder)
    {
        try
        {
            if (part is BertLayer layer) layer.ToInt8();
            else if (part is BertEncoder encoder) encoder.ToInt8();
        }
        catch (NativeRetrievalException e)
        {
            throw new CorruptFileException(Path.Combine(folder, WeightsName), e.Message, e);
        }
    }

    /// <summary>The configuration of a model folder, without its weights.</summary>
    /// <exception cref="FileReadException">The folder or its configuration is absent.</exception>
    /// <exception cref="CorruptFileException">It is not a configuration of a model.</exception>
    public static RetrievalModelConfig ReadConfig(string folder) =>
        ModelConfigFile.Read(RequireConfig(folder), ModelJson.Default.RetrievalModelConfig, new(),
            config => config.Validate(), RetrievalModelConfig.Kind);

    static string RequireConfig(string folder)
    {
        string path = Path.Combine(folder, ConfigName);
        return File.Exists(path)
            ? path
            : throw new FileReadException(path, "is absent; a model is a folder as `nativeretrieval train … --to` writes it");
    }

    /// <summary>
    /// SHA-256 over configuration, weights and vocabulary: vectors of models with another fingerprint are not comparable.
    /// </summary>
    public static string Fingerprint(string folder) => Fingerprint(folder, new Dictionary<string, string>());

    /// <param name="known">SHA-256 of files that were read before.</param>
    static string Fingerprint(string folder, IReadOnlyDictionary<string, string> known)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var vocabulary = _vocabularyNames.Where(name => File.Exists(Path.Combine(folder, name))).DefaultIfEmpty(_vocabularyNames[0]);
        foreach (string name in vocabulary.Prepend(WeightsName).Prepend(ConfigName))
            all.AppendData(Encoding.ASCII.GetBytes(known.GetValueOrDefault(name) ?? FileHash.Sha256(Path.Combine(folder, name))));
        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    static IReadOnlyList<(string Name, string Content)> TokenizerFiles(string folder, TextTokenizer tokenizer)
    {
        try
        {
            return tokenizer.ToFiles();
        }
        catch (OptionException e)
        {
            throw new OptionException($"{folder}: {e.Message}: write the weights by StateFile.Items and give the tokenizer to the "
                + "model's constructor");
        }
    }
}
