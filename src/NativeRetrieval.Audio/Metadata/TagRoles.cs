namespace NativeRetrieval.Audio.Metadata;

/// <summary>Roles of the fields that tag formats and sound libraries use; fields without a role, such as numbers of takes, are left
/// out.</summary>
internal static class TagRoles
{
    const char Title = 't', Description = 'd', Category = 'c', Subcategory = 's', CatId = 'i', Keywords = 'k', Library = 'l', Other = 'o';

    static readonly char[] _separators = [',', ';', '|', '/'];

    static readonly Dictionary<string, char> _roleOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["TITLE"] = Title, ["TIT2"] = Title, ["TT2"] = Title, ["INAM"] = Title, ["FXNAME"] = Title,
        ["DESCRIPTION"] = Description, ["BEXT.DESCRIPTION"] = Description, ["COMMENT"] = Description, ["COMMENTS"] = Description,
        ["COMM"] = Description, ["ICMT"] = Description, ["ISBJ"] = Description, ["NOTE"] = Description, ["NOTES"] = Description,
        ["CAPTION"] = Description, ["SYNOPSIS"] = Description, ["BWFDESCRIPTION"] = Description, ["TIT3"] = Description,
        ["CATEGORY"] = Category, ["TCON"] = Category, ["TCO"] = Category, ["IGNR"] = Category, ["GENRE"] = Category,
        ["SUBCATEGORY"] = Subcategory,
        ["CATID"] = CatId, ["CATEGORYID"] = CatId,
        ["KEYWORDS"] = Keywords, ["KEYWORD"] = Keywords, ["IKEY"] = Keywords, ["TAGS"] = Keywords, ["TAG"] = Keywords,
        ["SYNONYMS"] = Keywords, ["MOOD"] = Keywords, ["TMOO"] = Keywords,
        ["LIBRARY"] = Library, ["ALBUM"] = Library, ["TALB"] = Library, ["TAL"] = Library, ["IPRD"] = Library,
        ["ARTIST"] = Other, ["TPE1"] = Other, ["TP1"] = Other, ["IART"] = Other, ["BEXT.ORIGINATOR"] = Other, ["ORIGINATOR"] = Other,
        ["DESIGNER"] = Other, ["RECORDIST"] = Other, ["LOCATION"] = Other, ["LOCATIONNAME"] = Other, ["MICROPHONE"] = Other,
        ["MIC"] = Other, ["MICPERSPECTIVE"] = Other, ["MICTYPE"] = Other, ["MANUFACTURER"] = Other, ["SOURCE"] = Other, ["ISRC"] = Other,
        ["SHOW"] = Other, ["SCENE"] = Other, ["PROJECT"] = Other, ["ORGANIZATION"] = Other, ["VENDORCATEGORY"] = Other,
        ["USERCATEGORY"] = Other, ["CREATORID"] = Other, ["SOURCEID"] = Other, ["USERDATA"] = Other, ["USER"] = Other, ["TXXX"] = Other,
    };

    public static SoundText Assign(TagCollector tags)
    {
        var of = tags.Fields.Select(field => (Role: RoleOf(field.Name), field.Value)).Where(field => field.Role != default)
            .ToLookup(field => field.Role, field => field.Value);
        string? category = of[Category].FirstOrDefault(), sub = of[Subcategory].FirstOrDefault();
        return new SoundText
        {
            Title = of[Title].FirstOrDefault(),
            Description = Joined(of[Description]),
            Category = category is not null && sub is not null ? $"{category}-{sub}" : category ?? sub,
            CatId = of[CatId].FirstOrDefault(),
            Tags = [.. of[Keywords].SelectMany(KeywordsOf).Distinct(StringComparer.OrdinalIgnoreCase)],
            Library = of[Library].FirstOrDefault(),
            Other = Joined(of[Other].Concat(of[Title].Skip(1)).Concat(of[Library].Skip(1))),
            Notes = tags.Notes,
        };
    }

    /// <summary>The keywords of a list with commas or semicolons between them.</summary>
    public static IEnumerable<string> KeywordsOf(string list) =>
        list.Split(_separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>True for the name of a field that has a role.</summary>
    public static bool IsKnown(string name) => RoleOf(name) != default;

    /// <summary>Role by a name without blanks and underscores: <c>FX Name</c> and <c>FXName</c> are the same.</summary>
    static char RoleOf(string name)
    {
        if (name.StartsWith("iXML.", StringComparison.OrdinalIgnoreCase)) name = name[5..];
        return _roleOf.GetValueOrDefault(name.Replace(" ", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal));
    }

    /// <summary>Different texts behind each other; one that is part of another is left out.</summary>
    static string? Joined(IEnumerable<string> texts)
    {
        var kept = new List<string>();
        foreach (string text in texts)
            if (kept.Count < 50 && !kept.Exists(other => other.Contains(text, StringComparison.OrdinalIgnoreCase))) kept.Add(text);
        return kept.Count == 0 ? null : string.Join("; ", kept);
    }
}
