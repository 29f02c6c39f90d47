using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Models;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Writes the weights of a model folder, or of any checkpoint, into one <c>.safetensors</c> file. A model folder's tensors get the names of
/// the checkpoint that the folder was made of; those of other checkpoints keep theirs. What is stacked here is cut again, and learned
/// factors and buffers come back, so that all bytes are the checkpoint's.
/// </summary>
public static class ModelExport
{
    /// <summary>Metadata key of the model's settings, with which the file can become the same folder again.</summary>
    public const string ConfigKey = "config";

    const string WeightsName = "model.safetensors";

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
        if (form is null)
        {
            CheckpointSafetensors.Write(checkpoint, target, rename: null, metadata, cancellation);
            return Report(checkpoint.Tensors.Count, []);
        }
        if (form.Name == recorded && checkpoint.Metadata.TryGetValue(BufferValues.Key, out string? buffers))
            metadata[BufferValues.Key] = buffers;
        var items = checkpoint.Tensors.SelectMany(tensor => Items(checkpoint, tensor, form, cancellation)).ToList();
        if (form.Parts.Any(part => part.Architecture.IsScale)) items.AddRange(Factors(source, form));
        if (form.Name == recorded) items.AddRange(BufferValues.Recorded(checkpoint));
        // Under the name that Hugging Face's programs look for, the files they read come with it.
        bool whole = form.Settings?.ClapConfig == true && File.Exists(config) && Path.GetFileName(target) == WeightsName;
        var companions = whole ? ClapFiles.Of(source) : [];
        string folder = Path.GetDirectoryName(Path.GetFullPath(target))!;
        foreach (var (name, _) in companions)
            if (Path.Exists(Path.Combine(folder, name)))
                throw new FileWriteException(Path.Combine(folder, name),
                    $"there is something already, and {WeightsName} comes with its own; "
                    + "name a file in an empty folder");
        SafetensorsWriter.Write(target, items, metadata);
        foreach (var (name, content) in companions) DurableFile.WriteAllText(Path.Combine(folder, name), content);
        return Report(items.Count, companions.Count == 0 ? []
            : [$"beside it for Hugging Face's programs: {string.Join(", ", companions.Select(file => file.Name))}"]);

        ConversionReport Report(int count, IEnumerable<string> notes) => new(source, checkpoint.Format,
            form?.Name ?? "names as they are", "", "safetensors file", target, count, [], [], [], [.. notes, .. checkpoint.Notes]);
    }

    /// <summary>A tensor under the form's names; one that is stacked here is cut into equal parts of its rows.</summary>
    static IEnumerable<SafetensorsItem> Items(CheckpointFile checkpoint, CheckpointTensor tensor, NameMap form,
        CancellationToken cancellation)
    {
        var names = form.ToSources(tensor.Name);
        if (names.Count == 0)
            throw new CorruptFileException(checkpoint.Path, $"its tensor {tensor.Name} has no name in the form {form.Name}");
        if (names.Count == 1)
            return [new(names[0], tensor.DType, [.. tensor.Shape], stream => checkpoint.CopyTo(tensor, stream, cancellation))];
        if (tensor.Shape.Count == 0 || tensor.Shape[0] % names.Count != 0)
            throw new CorruptFileException(checkpoint.Path,
                $"its tensor {tensor.Name} [{string.Join(", ", tensor.Shape)}] cannot be cut into {string.Join(", ", names)}");
        long[] shape = [tensor.Shape[0] / names.Count, .. tensor.Shape.Skip(1)];
        int length = checked((int)(tensor.LengthBytes / names.Count));
        return names.Select((name, part) => new SafetensorsItem(name, tensor.DType, shape, stream =>
        {
            using var all = new MemoryStream(checked((int)tensor.LengthBytes));
            checkpoint.CopyTo(tensor, all, cancellation);
            stream.Write(all.GetBuffer(), part * length, length);
        }));
    }

    static IEnumerable<SafetensorsItem> Factors(string source, NameMap form)
    {
        var scale = Directory.Exists(source) ? ModelFolder.ReadConfig(source).LogitScale : null;
        if (scale is null)
            throw new OptionException($"{source} has no learned factors of its cosines (logit_scale in config.json), which the form "
                + $"{form.Name} has");
        var factors = ScaleNames.Of(scale).ToDictionary(factor => factor.Name, factor => factor.Value);
        foreach (string name in form.Parts.Where(part => part.Architecture.IsScale).SelectMany(part => part.Architecture.Names))
            yield return factors.TryGetValue(name, out float value)
                ? SafetensorsItem.Float32(name, [], new[] { value })
                : throw new OptionException($"the logit_scale of {source} has no {name}, which the form {form.Name} has");
    }
}
