using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Lists the content of a checkpoint: every tensor with the range of its values, and notes on everything else.</summary>
public static class CheckpointInspection
{
    /// <summary>Name, shape and value range of every tensor; each is read once, piece by piece.</summary>
    public static IEnumerable<TensorSummary> Summarize(CheckpointFile checkpoint, CancellationToken cancellation = default)
    {
        foreach (var tensor in checkpoint.Tensors)
        {
            var range = new ValueRange(tensor.DType);
            checkpoint.CopyTo(tensor, range, cancellation);
            yield return new TensorSummary(tensor.Name, tensor.DType, tensor.Shape, range.Minimum, range.Mean, range.Maximum,
                range.NanCount, range.InfinityCount);
        }
    }

    /// <summary>A line per tensor in aligned columns, then the checkpoint's notes; each is computed when it is asked for.</summary>
    /// <remarks>Nothing in a line steers a terminal: names are shown as <see cref="PlainText"/>.</remarks>
    public static IEnumerable<string> Lines(CheckpointFile checkpoint, CancellationToken cancellation = default)
    {
        const int Number = 11, LongestName = 100;
        // A name of a megabyte must not put a megabyte of blanks beside every other.
        int name = Math.Min(LongestName, checkpoint.Tensors.Select(tensor => tensor.Name.Length).Append("tensor".Length).Max());
        int dtype = checkpoint.Tensors.Select(tensor => NameOf(tensor.DType).Length).Append("dtype".Length).Max();
        int shape = checkpoint.Tensors.Select(tensor => ShapeOf(tensor.Shape).Length).Append("shape".Length).Max();
        yield return $"{PlainText.Of(checkpoint.Path)}: {checkpoint.Format}, {checkpoint.Tensors.Count} tensors";
        yield return $"{"tensor".PadRight(name)}  {"dtype".PadRight(dtype)}  {"shape".PadRight(shape)}  {"minimum",Number}  "
            + $"{"mean",Number}  {"maximum",Number}";
        foreach (var summary in Summarize(checkpoint, cancellation))
        {
            string odd = (summary.NanCount, summary.InfinityCount) switch
            {
                (0, 0) => "",
                (var nan, 0) => $"  {nan} NaN",
                (0, var infinite) => $"  {infinite} infinite",
                var (nan, infinite) => $"  {nan} NaN, {infinite} infinite",
            };
            yield return $"{PlainText.Of(summary.Name).PadRight(name)}  {NameOf(summary.DType).PadRight(dtype)}  "
                + $"{ShapeOf(summary.Shape).PadRight(shape)}  "
                + $"{Short(summary.Minimum),Number}  {Short(summary.Mean),Number}  {Short(summary.Maximum),Number}{odd}";
        }
        foreach (string note in checkpoint.Notes) yield return $"note: {PlainText.Of(note)}";
    }

    /// <summary>
    /// Writes the members <c>path</c>, <c>format</c>, <c>metadata</c>, <c>tensors</c> and <c>notes</c> of an object that the caller begins
    /// and ends.
    /// </summary>
    public static void WriteJson(CheckpointFile checkpoint, Utf8JsonWriter json, CancellationToken cancellation = default)
    {
        json.WriteString("path", checkpoint.Path);
        json.WriteString("format", checkpoint.Format);
        json.WriteStartObject("metadata");
        foreach (var (key, value) in checkpoint.Metadata) json.WriteString(key, value);
        json.WriteEndObject();
        json.WriteStartArray("tensors");
        foreach (var summary in Summarize(checkpoint, cancellation))
        {
            json.WriteStartObject();
            json.WriteString("name", summary.Name);
            json.WriteString("dtype", NameOf(summary.DType));
            json.WriteStartArray("shape");
            foreach (long size in summary.Shape) json.WriteNumberValue(size);
            json.WriteEndArray();
            WriteNumber(json, "minimum", summary.Minimum);
            WriteNumber(json, "mean", summary.Mean);
            WriteNumber(json, "maximum", summary.Maximum);
            json.WriteNumber("nan", summary.NanCount);
            json.WriteNumber("infinite", summary.InfinityCount);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (string note in checkpoint.Notes) json.WriteStringValue(note);
        json.WriteEndArray();
    }

    /// <summary>PyTorch's name of an element type.</summary>
    public static string NameOf(DType dtype) => dtype.ToString().ToLowerInvariant();

    static void WriteNumber(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    static string ShapeOf(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";

    static string Short(double? value) => value is { } number ? number.ToString("G5", CultureInfo.InvariantCulture) : "-";
}
