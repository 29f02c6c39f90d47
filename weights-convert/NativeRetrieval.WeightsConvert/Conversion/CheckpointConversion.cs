using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Turns a checkpoint into a folder that this program works with: an audio encoder for <c>train --audio-model</c>, a text encoder for
/// <c>train --text-model</c>, or a whole model. Values go from file to file, a piece at a time, and are never changed.
/// </summary>
public static class CheckpointConversion
{
    /// <summary>Key of the map's name in the metadata of the weights that a conversion writes.</summary>
    public const string MapKey = "name_map";

    /// <summary>Makes the folder of a checkpoint, entirely or not at all.</summary>
    /// <exception cref="CorruptFileException">The checkpoint is damaged, of no known form, or contradicts itself or the files beside
    /// it.</exception>
    /// <exception cref="OptionException">An option is needed that the checkpoint does not show, or one contradicts it.</exception>
    /// <exception cref="FileReadException">A file is absent or may not be read.</exception>
    /// <exception cref="FileWriteException">The target is taken, or the disk refuses.</exception>
    public static ConversionReport Run(ConversionRequest request, CancellationToken cancellation = default)
    {
        CheckTarget(request.Target);
        using var checkpoint = CheckpointFile.Open(request.Checkpoint);
        var match = MapDetection.Find(checkpoint, request.Map is null ? null : NameMaps.Find(request.Map), request.Prefix);
        using var folder = new StagedFolder(request.Target);
        var draft = new ConversionDraft(request, checkpoint, match, folder.Path, cancellation);
        BufferValues.Check(checkpoint, match, draft.Metadata);
        string kind = match.Map.IsRetrieval ? RetrievalTarget.Write(draft)
            : match.Parts[0].Part.Architecture.IsText ? TextTarget.Write(draft)
            : AudioTarget.Write(draft);
        folder.Complete();
        return new ConversionReport(request.Checkpoint, checkpoint.Format, match.Map.Name, match.Root, kind, request.Target,
            match.Mapped.Count(), match.Stripped, draft.Settings, match.Ignored, [.. draft.Notes, .. checkpoint.Notes]);
    }

    /// <summary>Checks, before any work, that a folder can be made.</summary>
    /// <exception cref="FileWriteException">The path is taken by something else than an empty folder.</exception>
    public static void CheckTarget(string folder) => StagedFolder.CheckFree(folder);
}
