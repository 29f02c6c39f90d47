namespace NativeRetrieval.Indexing.Remote;

/// <summary>Spellings in which the SQL of engines differs.</summary>
internal interface ISqlDialect
{
    /// <summary>A value, as a parameter or a literal.</summary>
    string Text(string value);

    string Number(double value);

    string Integer(long value);

    string StartsWith(string column, string text);

    string Contains(string column, string text);

    /// <summary>True where a regular expression of <see cref="PathGlob.ServerPattern"/> matches a part of the text.</summary>
    string Matches(string column, string pattern);

    string Has(string arrayColumn, string text);

    string In(string column, IReadOnlyCollection<long> values);

    string NotIn(string column, IReadOnlyCollection<long> values);
}

/// <summary>Conditions of a <see cref="Selection"/> on the table of files.</summary>
internal static class FilterSql
{
    /// <summary>The conditions, to be joined by AND; none: every file passes.</summary>
    public static IReadOnlyList<string> Of(Selection selection, ISqlDialect sql)
    {
        var filter = selection.Filter;
        var all = new List<string>();
        if (selection.Only is { } only) all.Add(sql.In("first_row", only));
        if (selection.Texts is { } texts) all.Add(sql.In("text_key", texts));
        if (selection.Without.Count > 0) all.Add(sql.NotIn("first_row", selection.Without));
        if (selection.Path is { } glob) all.Add(sql.Matches("key_path", sql.Text(FileKeys.Clean(glob.ServerPattern))));
        if (filter.FullPath is { } path) all.Add($"full_path = {sql.Text(FileKeys.Clean(Path.GetFullPath(path)))}");
        if (filter.MinSeconds is { } least) all.Add($"duration >= {sql.Number(least)}");
        if (filter.MaxSeconds is { } most) all.Add($"duration <= {sql.Number(most)}");
        if (filter.SampleRatesHz.Count > 0) all.Add(sql.In("sample_rate", [.. filter.SampleRatesHz]));
        if (filter.Channels.Count > 0) all.Add(sql.In("channels", [.. filter.Channels]));
        if (filter.AddedAfter is { } time) all.Add($"added > {sql.Integer(time.Ticks)}");
        AddAny(filter.Categories.Select(category => sql.Has("key_categories", sql.Text(FileKeys.Upper(category)))));
        AddAny(filter.Tags.Select(tag => sql.Has("key_tags", sql.Text(FileKeys.Upper(tag)))));
        AddAny(filter.Names.Select(name =>
            sql.Matches("key_path_lower", sql.Text(FileKeys.Lower(new PathGlob(name).ServerPattern)))));
        var folders = filter.Folders.Select(folder => (Names: FileKeys.Slashes(folder).Trim('/'), Path.IsPathFullyQualified(folder)));
        if (folders.All(folder => folder.Names.Length > 0))
            AddAny(folders.Select(((string Names, bool IsAbsolute) folder) => folder.IsAbsolute
                ? sql.StartsWith("key_folders", sql.Text(FileKeys.Clean($"/{folder.Names}/")))
                : sql.Contains("key_folders_upper", sql.Text(FileKeys.Upper($"/{folder.Names}/")))));
        return all;

        void AddAny(IEnumerable<string> conditions)
        {
            if (string.Join(" OR ", conditions) is { Length: > 0 } any) all.Add($"({any})");
        }
    }
}
