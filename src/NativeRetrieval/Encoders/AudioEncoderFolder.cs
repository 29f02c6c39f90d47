using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Checkpoints;

namespace NativeRetrieval.Encoders;

/// <summary>
/// A pre-trained audio encoder alone, such as one of PANNs': <c>config.json</c>, <c>model.safetensors</c>, <c>preprocessor_config.json</c>,
/// <c>README.md</c>, and <c>SHA256SUMS</c> over all of them.
/// </summary>
public static class AudioEncoderFolder
{
    const string ConfigName = "config.json", WeightsName = "model.safetensors", PreprocessorName = "preprocessor_config.json",
        CardName = "README.md";

    /// <summary>Writes the encoder into an existing folder, each file durably, the checksums last.</summary>
    /// <param name="package">The front end; its encoder is replaced by <paramref name="encoder"/>'s own configuration.</param>
    /// <param name="card">The model card (Markdown): where the weights come from.</param>
    /// <exception cref="OptionException">The front end does not fit the encoder.</exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Write(string folder, AudioEncoder encoder, AudioEncoderPackage package, string card) =>
        Write(folder, package with { AudioEncoder = encoder.Config }, StateFile.Items(encoder), card);

    /// <summary>Writes an encoder whose weights need not be in memory.</summary>
    /// <param name="weights">Every tensor of the encoder that <paramref name="package"/> describes.</param>
    /// <param name="metadata">Text pairs for the header of the weights.</param>
    /// <inheritdoc cref="Write(string, AudioEncoder, AudioEncoderPackage, string)"/>
    public static void Write(string folder, AudioEncoderPackage package, IEnumerable<SafetensorsItem> weights, string card,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        package.Validate();
        DurableFile.WriteAllText(At(ConfigName), ModelJson.Text(package, ModelJson.Default.AudioEncoderPackage));
        SafetensorsWriter.Write(At(WeightsName), weights, metadata);
        DurableFile.WriteAllText(At(PreprocessorName), PreprocessorFile.Text(package.LogMel, package.Resampler, package.ShortClips));
        DurableFile.WriteAllText(At(CardName), card);
        FolderSums.Write(folder, CardName, ConfigName, WeightsName, PreprocessorName);

        string At(string name) => Path.Combine(folder, name);
    }

    /// <summary>The encoder's sizes and its front end. Every file is checked against <c>SHA256SUMS</c> where the folder has one.</summary>
    /// <exception cref="FileReadException">The folder or one of its files is absent.</exception>
    /// <exception cref="CorruptFileException">
    /// A file is damaged, was changed, or describes something else than an audio encoder.
    /// </exception>
    public static AudioEncoderPackage ReadPackage(string folder)
    {
        string path = Path.Combine(folder, ConfigName);
        if (!File.Exists(path))
            throw new FileReadException(path, "is absent; a pre-trained audio encoder is a folder as `nativeretrieval convert` writes it");
        FolderSums.Verify(folder);
        return ModelConfigFile.Read(
            path, ModelJson.Default.AudioEncoderPackage, new(), package => package.Validate(), AudioEncoderPackage.Kind);
    }

    /// <summary>Builds the encoder and fills it with the folder's weights.</summary>
    /// <param name="config">The folder's own, or that with another dropout or pooling; null: the folder's own.</param>
    /// <exception cref="FileReadException">The folder or one of its files is absent.</exception>
    /// <exception cref="CorruptFileException">A tensor is missing, has another shape, or has no place in the encoder.</exception>
    public static AudioEncoder ReadEncoder(string folder, Device device, AudioEncoderConfig? config = null, DType dtype = DType.Float32)
    {
        config ??= ReadPackage(folder).AudioEncoder;
        using var weights = SafetensorsFile.Open(Path.Combine(folder, WeightsName));
        using var budget = new TensorBudget(weights);
        var encoder = AudioEncoder.Create(config, device, random: null, dtype);
        try
        {
            StateFile.Read(weights, encoder);
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }
}
