using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Writes the weights of a model folder, or of any checkpoint, into one <c>.safetensors</c> file. A model folder's tensors get the names of
/// the checkpoint that the folder was made of; those of other checkpoints keep theirs.
/// </summary>
public static class ModelExport
{
    /// <summary>Metadata key of the model's settings, with which the file can become the same folder again.</summary>
    public const string ConfigKey = "config";

    /// <summary>Writes the file, entirely or not at all.</summary>
    /// <param name="source">A model folder, or a checkpoint as <see cref="CheckpointFile.Open"/> takes it.</param>
    /// <param name="target">The file to write; it must be absent.</param>
    /// <param name="map">Name map whose names the tensors get; null: the recorded one, else the names stay.</param>
    /// <exception cref="CorruptFileException">The source is damaged, or has tensors that the form knows no name for.</exception>
    /// <exception cref="OptionException">There is no such form.</exception>
    /// <exception cref="FileReadException">The source is absent or may not be read.</exception>
    /// <exception cref="FileWriteException">The target is taken, or the disk refuses.</exception>
    public static ConversionReport Run(string source, string target, string? map, CancellationToken cancellation = default)
    {
        if (Path.Exists(target)) throw new FileWriteException(target, "there is something already; name another file");
        using var checkpoint = CheckpointFile.Open(source);
        string? recorded = checkpoint.Metadata.GetValueOrDefault(CheckpointConversion.MapKey);
        var form = map is not null
            ? NameMaps.Find(map)
            : NameMaps.All.FirstOrDefault(known => known.Name == recorded) ?? MapDetection.OwnNames(checkpoint);
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        if (form is not null) metadata[CheckpointConversion.MapKey] = form.Name;
        string config = Path.Combine(source, "config.json");
        if (File.Exists(config)) metadata[ConfigKey] = SmallFile.ReadText(config, SmallFile.LargestTextBytes);
        DurableFile.DeleteLeftoversOf(target);
        CheckpointSafetensors.Write(checkpoint, target, form is null ? null : Rename, metadata, cancellation);
        return new ConversionReport(source, checkpoint.Format, form?.Name ?? "names as they are", "", "safetensors file", target,
            checkpoint.Tensors.Count, [], [], [], checkpoint.Notes);

        string Rename(string name) => form.ToSource(name)
            ?? throw new CorruptFileException(source, $"its tensor {name} has no name in the form {form.Name}");
    }
}
