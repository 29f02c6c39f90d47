namespace NativeRetrieval.Audio.Metadata;

/// <summary>Text that people wrote into a sound file, or into a table beside it. Everything may be absent.</summary>
public sealed record SoundText
{
    /// <summary>Text of a file that has none.</summary>
    public static SoundText None { get; } = new();

    /// <summary>Title, or the FX name of a sound library.</summary>
    public string? Title { get; init; }

    /// <summary>Description; several different ones follow each other.</summary>
    public string? Description { get; init; }

    /// <summary>Category with its subcategory behind a hyphen, or a genre.</summary>
    public string? Category { get; init; }

    /// <summary>Identifier of the category in the Universal Category System, such as <c>DOORWood</c>.</summary>
    public string? CatId { get; init; }

    /// <summary>Keywords, each once.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Library or album.</summary>
    public string? Library { get; init; }

    /// <summary>Other words: people, makers, location, microphone and the like.</summary>
    public string? Other { get; init; }

    /// <summary>Tags that are damaged or too large, in sentences; what could be read of them is here.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The text of fields with the names that tags and sound libraries use; other fields are other words.</summary>
    public static SoundText OfFields(IEnumerable<(string Name, string Value)> fields)
    {
        var tags = new TagCollector();
        foreach (var (name, value) in fields) tags.Add(TagRoles.IsKnown(name) ? name : "TXXX", value);
        return TagRoles.Assign(tags);
    }

    /// <summary>This text, and in the place of what it lacks that of another source; tags and other words of both.</summary>
    public SoundText Or(SoundText second) => new()
    {
        Title = Title ?? second.Title,
        Description = Description ?? second.Description,
        Category = Category ?? second.Category,
        CatId = CatId ?? second.CatId,
        Tags = [.. Tags.Union(second.Tags, StringComparer.OrdinalIgnoreCase)],
        Library = Library ?? second.Library,
        Other = string.Join("; ", new[] { Other, second.Other }.Where(text => text is not null).Distinct()) is { Length: > 0 } other
            ? other : null,
        Notes = [.. Notes, .. second.Notes],
    };
}
