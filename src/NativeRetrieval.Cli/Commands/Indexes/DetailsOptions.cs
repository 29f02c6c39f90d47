using System.CommandLine;
using System.CommandLine.Parsing;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary>Tables that say more about sounds than their tags: <c>--details</c> and <c>--ucs</c>.</summary>
internal sealed class DetailsOptions
{
    readonly Option<FileInfo?> _details = new("--details")
    {
        Description = "A CSV with a column path or file_name and others such as title, description, category, keywords: text to search "
            + "beside the files' own tags.",
        HelpName = "CSV",
    };
    readonly Option<FileInfo?> _ucs = new("--ucs")
    {
        Description = "The list of the Universal Category System as CSV (CatID, Category, SubCategory, Synonyms): names and "
            + "synonyms of the "
            + "categories in file names and tags.",
        HelpName = "CSV",
    };

    public IReadOnlyList<Option> All => [_details, _ucs];

    /// <summary>True where one of them is given.</summary>
    public bool AnyGiven(CommandResult result) => All.Any(option => result.GetResult(option) is not null);

    /// <summary>The tables that are given; none is read yet.</summary>
    public DetailsTables Of(ParseResult parsed) => new(parsed.GetValue(_details)?.FullName, parsed.GetValue(_ucs)?.FullName);
}
