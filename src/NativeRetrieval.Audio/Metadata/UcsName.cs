using System.Text.RegularExpressions;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>
/// A file name of the Universal Category System: <c>CatID[-UserCategory]_[VendorCategory-]FXName_CreatorID_SourceID[_UserData]</c>.
/// </summary>
/// <param name="CatId">Identifier of the category, such as <c>DOORWood</c>.</param>
/// <param name="FxName">Name of the sound.</param>
/// <param name="UserCategory">Part behind the identifier; null: there is none.</param>
/// <param name="VendorCategory">Part in front of the name; null: there is none.</param>
/// <param name="CreatorId">Maker; null: there is none.</param>
/// <param name="SourceId">Library or project; null: there is none.</param>
/// <param name="UserData">What follows; null: there is nothing.</param>
public sealed partial record UcsName(string CatId, string FxName, string? UserCategory, string? VendorCategory, string? CreatorId,
    string? SourceId, string? UserData)
{
    /// <summary>Reads a file's name by its form alone: a list may still lack the identifier. Null where it has another form.</summary>
    /// <param name="fileName">Name with or without folders and extension.</param>
    public static UcsName? TryParse(string fileName)
    {
        if (Form().Match(Path.GetFileNameWithoutExtension(fileName)) is not { Success: true } match) return null;
        return new UcsName(match.Groups["cat"].Value, match.Groups["fx"].Value, Part("user"), Part("vendor"), Part("creator"),
            Part("source"), Part("data"));

        string? Part(string name) => match.Groups[name] is { Success: true, Length: > 0 } group ? group.Value : null;
    }

    /// <summary>
    /// Capitals, then the subcategory's abbreviation with a capital first; name, creator and source follow. The first hyphen of the name's
    /// part ends the vendor's category: the system has hyphens nowhere else.
    /// </summary>
    [GeneratedRegex("^(?<cat>[A-Z]{2,8}[A-Z][a-z0-9]{1,7})(-(?<user>[^_]*))?_((?<vendor>[^_-]+)-(?=[^_]))?(?<fx>[^_]+)_(?<creator>[^_]+)"
        + "_(?<source>[^_]*)(_(?<data>.*))?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
