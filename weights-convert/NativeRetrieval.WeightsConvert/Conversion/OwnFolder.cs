using System.Text.Json;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Text;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Writes a model or audio encoder folder of this program once more, with its weights in the form that is asked for.</summary>
static class OwnFolder
{
    /// <summary>
    /// The <c>model_type</c> of the folder whose settings decide all that a name map would have to find out; null: it is none of this
    /// program's, or options say how to read it.
    /// </summary>
    public static string? KindOf(ConversionRequest request)
    {
        string config = Path.Combine(request.Checkpoint, "config.json");
        bool told = request.Map is not null || request.Prefix is not null || request.Vocabulary is not null
            || request.PoolBlock6 is not null || request.FrontEnd is not null || request.Heads is not null;
        if (told || !File.Exists(config)) return null;
        using var document = SmallFile.ReadJson(config, SmallFile.LargestTextBytes);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("model_type", out var type) && type.ValueKind == JsonValueKind.String
            && type.GetString() is RetrievalModelConfig.Kind or AudioEncoderPackage.Kind
            ? type.GetString()
            : null;
    }

    /// <param name="kind">Result of <see cref="KindOf"/>.</param>
    public static ConversionReport Convert(ConversionRequest request, string kind, CancellationToken cancellation)
    {
        string source = request.Checkpoint;
        FolderSums.Verify(source);
        using var checkpoint = Open(request);
        var items = request.Weights.Apply(checkpoint.Tensors.Select(tensor => new SafetensorsItem(tensor.Name, tensor.DType,
            [.. tensor.Shape], stream => checkpoint.CopyTo(tensor, stream, cancellation))), source);
        var metadata = checkpoint.Metadata.ToDictionary();
        var settings = new List<(string Name, string Value)>();
        request.Weights.Record(metadata, settings);
        using var folder = new StagedFolder(request.Target);
        bool whole = kind == RetrievalModelConfig.Kind;
        if (whole)
            ModelFolder.Save(folder.Path, ModelFolder.ReadConfig(source), TextTokenizer.FromFile(source), items,
                Card(request, checkpoint), metadata);
        else
            AudioEncoderFolder.Write(folder.Path, AudioEncoderFolder.ReadPackage(source), items, Card(request, checkpoint), metadata);
        folder.Complete();
        return new ConversionReport(source, checkpoint.Format, "names as they are", "",
            whole ? ConversionReport.RetrievalModel : ConversionReport.AudioEncoder, request.Target, checkpoint.Tensors.Count, [], settings,
            [], checkpoint.Notes);
    }

    static CheckpointFile Open(ConversionRequest request)
    {
        var checkpoint = CheckpointFile.Open(request.Checkpoint);
        try
        {
            request.Weights.Check(checkpoint);
            return WidenedCheckpoint.Of(checkpoint);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The folder's own card, and what became of its weights.</summary>
    static string Card(ConversionRequest request, CheckpointFile checkpoint)
    {
        string path = Path.Combine(request.Checkpoint, "README.md");
        string card = File.Exists(path) ? SmallFile.ReadText(path, SmallFile.LargestTextBytes) : "# Model\n";
        return $"{card.TrimEnd('\n')}\n{request.Weights.Card()}"
            + string.Concat(checkpoint.Notes.Select(note => $"\nConverted to float32: {note}.\n"));
    }
}
