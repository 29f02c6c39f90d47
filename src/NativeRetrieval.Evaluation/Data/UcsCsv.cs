using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// The list of the Universal Category System (universalcategorysystem.com) saved as CSV: columns Category, SubCategory, CatID and, where
/// they are there, CatShort, Explanations and Synonyms.
/// </summary>
public static class UcsCsv
{
    /// <summary>The categories by their identifier, whose case counts.</summary>
    /// <exception cref="CaptionFileException">The table lacks a column, a row is malformed, or an identifier is given twice.</exception>
    /// <exception cref="FileReadException">It cannot be read.</exception>
    public static IReadOnlyDictionary<string, UcsCategory> Read(string path)
    {
        using var table = Table.Open(path);
        var (category, sub, id) = (Column("category"), Column("subcategory"), Column("catid"));
        var synonyms = table.Columns.FirstOrDefault(column => column.Key.StartsWith("synonyms", StringComparison.Ordinal));
        var categories = new Dictionary<string, UcsCategory>(StringComparer.Ordinal);
        foreach (var row in table.Rows())
        {
            string key = Text(row, id);
            if (key.Length == 0) throw new CaptionFileException(path, row.Line, "the row has no CatID");
            string words = string.Join(", ", new[] { Text(row, category), Text(row, sub), synonyms is null ? "" : Text(row, synonyms) }
                .Where(text => text.Length > 0));
            if (!categories.TryAdd(key, new UcsCategory(Text(row, category), Text(row, sub), words)))
                throw new CaptionFileException(path, row.Line, $"the CatID {key} was given before");
        }
        return categories.Count > 0 ? categories : throw new CaptionFileException(path, 2, "there is a header but no category");

        TableColumn Column(string key) => table.Find(key)
            ?? throw table.Refused($"no column '{key}'", "Known layout: Category, SubCategory, CatID, CatShort, Explanations, Synonyms");
    }

    static string Text(TableRow row, TableColumn column) => row[column.Key]?.Text.Trim() ?? "";
}
