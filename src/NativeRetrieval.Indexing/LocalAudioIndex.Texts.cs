using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    /// <summary>
    /// The texts of files (words of the name, title, description, keywords) whose vectors the index does not have, each once.
    /// </summary>
    public IReadOnlyList<string> TextsWithoutVectors() => Read(session =>
    {
        var known = new TextTable(session.Catalogue).Keys();
        var details = new DetailsTable(session.Catalogue).ReadAll();
        var missing = new List<string>();
        foreach (var file in session.CheckedFiles())
            if (details.TryGetValue(file.FirstRow, out var own) && FileText.Of(file.File.FullPath, own) is { Length: > 0 } text
                && known.Add(FileText.KeyOf(text))) missing.Add(text);
        return missing;
    });

    /// <summary>Keeps the vectors of texts, and drops those of texts that no file has any more.</summary>
    /// <param name="vectors">
    /// Texts of <see cref="TextsWithoutVectors"/> with their vectors by the model's text encoder: [width], of any length but 0, one width
    /// in an index.
    /// </param>
    /// <exception cref="Core.Errors.IndexException">A vector has another width than the others, holds NaN or infinity, or is
    /// zero.</exception>
    public Task SetTextVectorsAsync(IReadOnlyList<(string Text, ReadOnlyMemory<float> Vector)> vectors,
        CancellationToken cancellationToken = default)
    {
        var rows = Read(session => FilesOf(session).Texts(session));
        int width = rows.Width > 0 ? rows.Width : vectors.Count > 0 ? vectors[0].Vector.Length : 0;
        var units = new List<(long Key, float[] Unit)>(vectors.Count);
        foreach (var (text, vector) in vectors)
        {
            float[] unit = new float[width];
            UnitVector.Of(vector.Span, unit, () => $"index: the vector of the text \"{text}\"");
            units.Add((FileText.KeyOf(text), unit));
        }
        return WriteAsync(writer =>
        {
            writer.SetTexts(units, Read(session => FilesOf(session).TextKeys.ToHashSet()));
            return true;
        }, cancellationToken);
    }

    /// <summary>The scale of the texts' vectors; null where none was set.</summary>
    public TextScale? TextScale() => Read(session => new TextTable(session.Catalogue).ReadScale());

    /// <summary>Replaces the scale of the texts' vectors.</summary>
    /// <exception cref="Core.Errors.OptionException">A value is out of its range.</exception>
    public Task SetTextScaleAsync(TextScale scale, CancellationToken cancellationToken = default) => WriteAsync(writer =>
    {
        writer.SetTextScale(scale.Validated());
        return true;
    }, cancellationToken);
}
