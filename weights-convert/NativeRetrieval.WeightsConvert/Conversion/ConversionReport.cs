using System.Text.Json;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Result of a conversion or export.</summary>
/// <param name="Checkpoint">Path of the checkpoint that was read.</param>
/// <param name="Format">Its format, e.g. <c>PyTorch zip archive</c>.</param>
/// <param name="Map">The name map that was followed.</param>
/// <param name="Root">Prefix of all names in the checkpoint; may be empty.</param>
/// <param name="Kind">Kind of the folder: <c>audio encoder</c>, <c>text encoder</c> or <c>retrieval model</c>.</param>
/// <param name="Target">Path of the folder or file that was made.</param>
/// <param name="Mapped">Number of tensors that were taken over.</param>
/// <param name="Stripped">Words of training programs that were dropped from names, each with the number of tensors that had it.</param>
/// <param name="Settings">Settings that the shapes and the form gave.</param>
/// <param name="Ignored">Tensors that were left out, with the reason.</param>
/// <param name="Notes">Assumptions, and things beside tensors in the checkpoint.</param>
public sealed record ConversionReport(string Checkpoint, string Format, string Map, string Root, string Kind, string Target, int Mapped,
    IReadOnlyList<(string Name, int Count)> Stripped, IReadOnlyList<(string Name, string Value)> Settings,
    IReadOnlyList<(string Name, string Why)> Ignored, IReadOnlyList<string> Notes)
{
    /// <summary>The <see cref="Kind"/> of a folder for <c>train --audio-model</c>.</summary>
    public const string AudioEncoder = "audio encoder";

    /// <summary>The <see cref="Kind"/> of a folder for <c>train --text-model</c>.</summary>
    public const string TextEncoder = "text encoder";

    /// <summary>The <see cref="Kind"/> of a whole model: both encoders and their heads.</summary>
    public const string RetrievalModel = "retrieval model";

    /// <summary>The report for people, a line per fact, in which nothing steers a terminal.</summary>
    public IEnumerable<string> Lines()
    {
        return Facts().Select(PlainText.Of);

        IEnumerable<string> Facts()
        {
            yield return $"{Checkpoint}: {Format}, {Map}{(Root.Length > 0 ? $", names behind '{Root}'" : "")}";
            foreach (var (name, value) in Settings) yield return $"  {name}: {value}";
            yield return $"  {Mapped} tensors mapped, {Ignored.Count} ignored, 0 missing, 0 unexpected";
            if (Stripped.Count > 0)
                yield return $"  stripped from names: {string.Join(", ", Stripped.Select(word => $"{word.Name} ({word.Count})"))}";
            foreach (var group in Ignored.GroupBy(ignored => ignored.Why))
                yield return $"  ignored: {Some([.. group.Select(ignored => ignored.Name)])}: {group.Key}";
            foreach (string note in Notes) yield return $"  note: {note}";
            yield return $"{Kind}: {Target}";
        }
    }

    /// <summary>Writes the report's members of an object that the caller begins and ends.</summary>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("checkpoint", Checkpoint);
        json.WriteString("format", Format);
        json.WriteString("map", Map);
        json.WriteString("root", Root);
        json.WriteString("kind", Kind);
        json.WriteString("folder", Target);
        json.WriteStartObject("settings");
        foreach (var (name, value) in Settings) json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteNumber("mapped", Mapped);
        json.WriteStartArray("stripped");
        foreach (var (name, count) in Stripped)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("ignored");
        foreach (var (name, why) in Ignored)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("why", why);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        // A checkpoint with any of these is refused.
        WriteEmpty("missing");
        WriteEmpty("unexpected");
        json.WriteStartArray("notes");
        foreach (string note in Notes) json.WriteStringValue(note);
        json.WriteEndArray();

        void WriteEmpty(string name)
        {
            json.WriteStartArray(name);
            json.WriteEndArray();
        }
    }

    static string Some(IReadOnlyList<string> names) =>
        names.Count <= 3 ? string.Join(", ", names) : $"{names[0]}, {names[1]} and {names.Count - 2} more";
}
