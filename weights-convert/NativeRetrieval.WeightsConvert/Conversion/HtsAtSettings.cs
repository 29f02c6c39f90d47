using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// An HTS-AT's configuration from its shapes, and from a configuration file: the side of the image shows in no weight, but in the masks of
/// shifted windows that LAION's own files keep.
/// </summary>
static class HtsAtSettings
{
    /// <param name="declared">Configuration in a file that belongs to the weights; null: there is none.</param>
    /// <exception cref="CorruptFileException">The file describes other sizes than the weights have, or no encoder has these.</exception>
    public static HtsAtConfig Of(ConversionDraft draft, MapPart part, PartMatch match, HtsAtConfig? declared)
    {
        int layers = match.Size("layer"), bias = match.Size("biases");
        int window = ((int)Math.Round(Math.Sqrt(bias)) + 1) / 2;
        if ((2 * window - 1) * (2 * window - 1) != bias)
            throw new CorruptFileException(draft.Request.Checkpoint,
                $"its tables of relative positions have {bias} rows, which is not (2w - 1)² for any window");
        var usual = declared ?? new HtsAtConfig();
        var shapes = usual with
        {
            MelBins = match.Size("mel_bins"),
            PatchSize = match.Size("patch"),
            PatchWidth = match.Size("width0"),
            Depths = [.. Enumerable.Range(0, layers).Select(layer => match.Size(Indexed("block", layer)))],
            Heads = [.. Enumerable.Range(0, layers).Select(layer => match.Size(Indexed("heads", layer)))],
            Window = window,
            MlpRatio = match.Size("hidden0") / (double)match.Size("width0"),
        };
        if (declared is not null)
            return shapes.Equals(declared) ? declared : throw new CorruptFileException(draft.Request.Checkpoint,
                $"the configuration beside the weights describes another model: {Sizes(declared)}; the weights have {Sizes(shapes)}");
        var mask = Enumerable.Range(0, shapes.Depths[0])
            .Select(block => draft.Match.Find(part.Source + Indexed("layers.0.blocks.", block) + ".attn_mask"))
            .FirstOrDefault(found => found is not null);
        if (mask is { Shape: [var windows, ..] })
            shapes = shapes with { ImageSize = (int)Math.Round(Math.Sqrt(windows)) * window * shapes.PatchSize };
        else
            draft.Notes.Add(
                $"the checkpoint does not show the size of the image: {shapes.ImageSize} is assumed, as in all published sizes");
        return shapes;
    }

    static string Indexed(string name, int index) => name + index.ToString(CultureInfo.InvariantCulture);

    static string Sizes(HtsAtConfig config) => string.Create(CultureInfo.InvariantCulture,
        $"depths {string.Join(" ", config.Depths)}, heads {string.Join(" ", config.Heads)}, patches of {config.PatchSize} and width "
            + $"{config.PatchWidth}, windows of {config.Window}, {config.MelBins} mel bins, perceptrons of {config.MlpRatio}");
}
