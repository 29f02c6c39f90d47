using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Metadata;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>Knowledge of sound files beside their sound: their tags, their names, and tables that the user gives.</summary>
public sealed class FileDescriber
{
    /// <summary>The text of a file by its path, from a table of the user's; it comes before the file's own. Null: no table.</summary>
    public Func<string, SoundText?>? Sidecar { get; init; }

    /// <summary>Categories of the Universal Category System by their identifier; null: the user gave no list.</summary>
    public IReadOnlyDictionary<string, UcsCategory>? Ucs { get; init; }

    /// <summary>True where tables may say something new of files that have not changed.</summary>
    public bool HasTables => Sidecar is not null || Ucs is not null;

    /// <summary>The details of a file.</summary>
    /// <param name="durationSeconds">Its length.</param>
    /// <param name="added">Time at which it came into the index; null: unknown.</param>
    /// <param name="note">Gets a sentence about each tag that is damaged or too large.</param>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public SoundDetails Describe(string path, double durationSeconds, DateTime? added, Action<string>? note = null)
    {
        var text = SoundTags.Read(path);
        foreach (string problem in text.Notes) note?.Invoke($"{path}: {problem}");
        if (Sidecar?.Invoke(path) is { } sidecar) text = sidecar.Or(text);
        text = WithUcs(path, text);
        var (rate, channels) = FormOf(path);
        return new SoundDetails
        {
            DurationSeconds = durationSeconds, SampleRateHz = rate, Channels = channels, Title = text.Title, Description = text.Description,
            Category = text.Category, CatId = text.CatId, Tags = text.Tags, Library = text.Library, Other = text.Other, AddedUtc = added,
        };
    }

    SoundText WithUcs(string path, SoundText text)
    {
        if (UcsName.TryParse(path) is { } name && (Ucs is null || Ucs.ContainsKey(name.CatId)))
            text = text.Or(new SoundText
            {
                CatId = name.CatId, Title = name.FxName,
                Other = string.Join("; ", new[] { name.UserCategory, name.VendorCategory, name.UserData }.OfType<string>())
                    is { Length: > 0 } other ? other : null,
            });
        if (text.CatId is null || Ucs?.GetValueOrDefault(text.CatId) is not { } known) return text;
        return text.Or(new SoundText { Category = $"{known.Category}-{known.SubCategory}", Other = known.Synonyms });
    }

    static (int? Rate, int? Channels) FormOf(string path)
    {
        try
        {
            using var stream = AudioDecoder.Open(path);
            return (stream.SampleRateHz, stream.Channels);
        }
        catch (AudioDecodeException)
        {
            return (null, null);
        }
    }
}

/// <summary>A category of the Universal Category System.</summary>
/// <param name="Category">Category, such as <c>DOORS</c>.</param>
/// <param name="SubCategory">Subcategory, such as <c>WOOD</c>.</param>
/// <param name="Synonyms">Words that mean it, in one text.</param>
public sealed record UcsCategory(string Category, string SubCategory, string Synonyms);
