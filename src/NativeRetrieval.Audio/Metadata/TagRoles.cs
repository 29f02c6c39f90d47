namespace NativeRetrieval.Audio.Metadata;

/// <summary>
/// Roles of the fields that tag formats and sound libraries use: bext, RIFF INFO, ID3, Vorbis comments, iXML with Soundminer's fields and
/// those of ASWG-G006 1.1. Fields without a role are left out: numbers, dates, ratings, codes, terms of use, answers of yes or no.
/// </summary>
internal static class TagRoles
{
    const char Title = 't', Description = 'd', Category = 'c', Subcategory = 's', WholeCategory = 'w', CatId = 'i', Keywords = 'k',
        Library = 'l', Other = 'o';

    static readonly char[] _separators = [',', ';', '|', '/'];

    static readonly Dictionary<string, char> _roleOf = Named(
        (Title, "TITLE TIT2 TT2 INAM FXNAME TRACKTITLE SONGTITLE"),
        (Description, "DESCRIPTION BEXT.DESCRIPTION BWFDESCRIPTION BWDESCRIPTION COMMENT COMMENTS USERCOMMENTS COMM ICMT ISBJ NOTE NOTES "
            + "CAPTION SYNOPSIS GROUPING TIT1 TT1 TIT3 TT3 IXML.TEXT"),
        (Category, "CATEGORY TCON TCO IGNR GENRE"),
        (Subcategory, "SUBCATEGORY SUBGENRE"),
        (WholeCategory, "CATEGORYFULL"),
        (CatId, "CATID CATEGORYID"),
        (Keywords, "KEYWORDS KEYWORD IKEY TAGS TAG SYNONYMS MOOD TMOO EMOTION EFFORTTYPE INSTRUMENT"),
        (Library, "LIBRARY ALBUM TALB TAL IPRD CDTITLE"),
        // People and makers.
        (Other, "ARTIST TPE1 TP1 IART BEXT.ORIGINATOR BWFORIGINATOR ORIGINATOR ORIGINATORSTUDIO DESIGNER RECORDIST MANUFACTURER CREATORID "
            + "ORGANIZATION ALBUMARTIST TPE2 TP2 CONDUCTOR TPE3 TP3 TPE4 TP4 COMPOSER TCOM TCM ARRANGER LYRICIST TEXT TXT PERFORMER "
            + "PRODUCER MUSICSUP PUBLISHER MUSICPUBLISHER TPUB TPB RIGHTSOWNER IENG ITCH RECENGINEER MASTERINGENGINEER EDITOR MIXER "
            + "DIRECTOR"),
        // Places and how it was recorded.
        (Other, "LOCATION LOCATIONNAME RECORDINGLOC IMPULSELOCATION RECSTUDIO MICROPHONE MIC MICTYPE MICCONFIG MICDISTANCE "
            + "MICPERSPECTIVE RECTYPE RECMEDIUM IMED FXUSED FXCHAINNAME"),
        // Speech.
        (Other, "CHARACTERNAME CHARACTERROLE CHARACTERGENDER ACTORNAME ACTORGENDER DIRECTION ACCENT"),
        // The rest.
        (Other, "SOURCE ISRC SOURCEID SHOW SCENE PROJECT ERA USAGE CONTENTTYPE INTENSITY VENDORCATEGORY USERCATEGORY USERDATA USER TXXX"));

    public static SoundText Assign(TagCollector tags)
    {
        var of = tags.Fields.Select(field => (Role: RoleOf(field.Name), field.Value)).Where(field => field.Role != default)
            .ToLookup(field => field.Role, field => field.Value);
        string? category = of[Category].FirstOrDefault(), sub = of[Subcategory].FirstOrDefault();
        return new SoundText
        {
            Title = of[Title].FirstOrDefault(),
            Description = Joined(of[Description]),
            Category = category is not null && sub is not null ? $"{category}-{sub}"
                : of[WholeCategory].FirstOrDefault() ?? category ?? sub,
            CatId = of[CatId].FirstOrDefault(),
            Tags = [.. of[Keywords].SelectMany(KeywordsOf).Distinct(StringComparer.OrdinalIgnoreCase)],
            Library = of[Library].FirstOrDefault(),
            // ASWG's editors write the default of a choice that nobody made.
            Other = Joined([.. of[Other].Where(text => text != "Unknown"), .. Further(Title), .. Further(Category), .. Further(Subcategory),
                .. Further(Library)]),
            Notes = tags.Notes,
        };

        IEnumerable<string> Further(char role) =>
            of[role].Skip(1).Where(text => !text.Equals(of[role].First(), StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The keywords of a list with commas or semicolons between them.</summary>
    public static IEnumerable<string> KeywordsOf(string list) =>
        list.Split(_separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>True for the name of a field that has a role.</summary>
    public static bool IsKnown(string name) => RoleOf(name) != default;

    /// <summary>
    /// Role by a name without blanks and underscores: <c>FX Name</c> and <c>FXName</c> are the same. iXML's own meaning comes first: its
    /// <c>text</c> is what is spoken, ID3's <c>TEXT</c> who wrote the words.
    /// </summary>
    static char RoleOf(string name)
    {
        name = name.Replace(" ", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
        if (_roleOf.TryGetValue(name, out char role) || !name.StartsWith("iXML.", StringComparison.OrdinalIgnoreCase)) return role;
        return _roleOf.GetValueOrDefault(name[5..]);
    }

    static Dictionary<string, char> Named(params ReadOnlySpan<(char Role, string Names)> lists)
    {
        var roles = new Dictionary<string, char>(StringComparer.OrdinalIgnoreCase);
        foreach (var (role, names) in lists)
            foreach (string name in names.Split(' ')) roles.Add(name, role);
        return roles;
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
