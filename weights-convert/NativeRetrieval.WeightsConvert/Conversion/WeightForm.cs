using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Form in which a model folder stores its weights; a model computes in float32 whatever the form.</summary>
public enum WeightForm : byte
{
    /// <summary>Weights as the checkpoint has them, 8-bit ones excepted, which become float32.</summary>
    Float32,

    /// <summary>8-bit integers with a float32 scale per row: <see cref="Int8Weights"/>.</summary>
    Int8,
}

/// <summary>Applies a <see cref="WeightForm"/> to what a conversion writes.</summary>
static class WeightForms
{
    const string Sentence = "The weights are 8-bit integers with a float32 scale per row; biases and norms are as they were.";

    /// <summary>Checks, before any work, that there is something to do.</summary>
    /// <exception cref="OptionException">8-bit weights would be quantized again.</exception>
    public static void Check(this WeightForm form, CheckpointFile checkpoint)
    {
        if (form == WeightForm.Int8 && WidenedCheckpoint.IsInt8(checkpoint))
            throw new OptionException($"the weights of {checkpoint.Path} are 8-bit already; copy the folder, or convert to float32");
    }

    /// <summary>The tensors in this form.</summary>
    public static IEnumerable<SafetensorsItem> Apply(this WeightForm form, IEnumerable<SafetensorsItem> tensors, string source) =>
        form == WeightForm.Int8 ? Int8Weights.Quantize(tensors, source) : tensors;

    /// <summary>Says in the header of the weights, and among a report's settings, which form they have.</summary>
    public static void Record(this WeightForm form, Dictionary<string, string> metadata, List<(string Name, string Value)> settings)
    {
        if (form == WeightForm.Float32) return;
        metadata[Int8Weights.MetadataKey] = Int8Weights.MetadataValue;
        settings.Add(("weights", "8-bit, a float32 scale per row"));
    }

    /// <summary>Paragraph of the model card; empty for float32.</summary>
    public static string Card(this WeightForm form) => form == WeightForm.Int8 ? $"\n{Sentence}\n" : "";
}
