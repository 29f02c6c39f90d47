using System.CommandLine;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Cli.Commands;

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

    /// <exception cref="CaptionFileException">A table is of no known layout.</exception>
    public FileDescriber Of(ParseResult parsed) => new()
    {
        Sidecar = parsed.GetValue(_details) is { } details ? DetailsCsv.Read(details.FullName).Of : null,
        Ucs = parsed.GetValue(_ucs) is { } ucs ? UcsCsv.Read(ucs.FullName) : null,
    };
}
