using System.Text.RegularExpressions;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>Rules of the documents: links lead somewhere, and C# is quoted from a compiled sample. One line per violation.</summary>
internal static partial class DocumentRules
{
    /// <param name="read">The text of a document of the repository, "" for any other file or folder of this path, or null.</param>
    public static IEnumerable<string> BrokenLinks(SourceFile file, Func<string, string?> read)
    {
        string folder = file.Path[..^file.Name.Length];
        foreach (string link in Links().Matches(Fences().Replace(file.Text, "")).Select(match => match.Groups["target"].Value))
        {
            if (link.Contains("://", StringComparison.Ordinal) || link.StartsWith("mailto:", StringComparison.Ordinal)) continue;
            string[] parts = link.Split('#', 2);
            string? text = parts[0].Length == 0 ? file.Text : read(Path.GetRelativePath(".", folder + parts[0]).Replace('\\', '/'));
            if (text is null) yield return $"{file.Path}: the link to {link} leads nowhere";
            else if (parts.Length == 2 && !AnchorsOf(text).Contains(parts[1]))
                yield return $"{file.Path}: there is no heading for the link to {link}";
        }
    }

    /// <summary>
    /// Lines of prose that a screen cannot hold. Tables, blocks of code, markup and a single piece of code have no place to break.
    /// </summary>
    public static IEnumerable<string> LongLines(SourceFile file)
    {
        bool code = false;
        foreach (var (index, line) in file.Text.Split('\n').Index())
        {
            string text = line.Trim();
            if (text.StartsWith("```", StringComparison.Ordinal)) code = !code;
            bool breaks = !code && text.Length > 0 && text[0] is not ('|' or '<') && !WholeCode().IsMatch(text);
            if (breaks && line.TrimEnd('\r').Length > SourceRules.LastColumn)
                yield return $"{file.Path}:{index + 1}: {line.Length} columns, at most {SourceRules.LastColumn}; wrap it";
        }
    }

    /// <summary>
    /// The C# blocks of a document that are not a sample's text. A comment above a block names the sample, <c>sample: PATH</c> for a
    /// whole file or <c>sample: PATH#NAME</c> for the lines between its comments <c>&lt;NAME&gt;</c> and <c>&lt;/NAME&gt;</c>, their
    /// common indentation taken off.
    /// </summary>
    /// <param name="read">The text of a C# file of the repository, or null where there is none.</param>
    public static IEnumerable<string> CodeOfNoSample(SourceFile file, Func<string, string?> read)
    {
        var quotes = Quotes().Matches(file.Text);
        foreach (Match quote in quotes)
        {
            string name = quote.Groups["name"].Value;
            string? sample = SampleOf(name, read);
            if (sample is null) yield return $"{file.Path}: there is no sample {name}";
            else if (sample != quote.Groups["code"].Value)
                yield return $"{file.Path}: the block of {name} is not the sample's text; copy it anew:\n{sample}";
        }
        int blocks = Regex.Count(file.Text, "^```csharp", RegexOptions.Multiline);
        int names = Regex.Count(file.Text, "^<!-- sample:", RegexOptions.Multiline);
        if (blocks != quotes.Count) yield return $"{file.Path}: {blocks - quotes.Count} of {blocks} C# blocks name no sample above them";
        if (names != quotes.Count) yield return $"{file.Path}: {names - quotes.Count} of {names} sample comments have no C# below them";
    }

    static string? SampleOf(string name, Func<string, string?> read)
    {
        int hash = name.IndexOf('#');
        string? text = read(hash < 0 ? name : name[..hash]);
        if (hash < 0 || text is null) return text;
        string part = Regex.Escape(name[(hash + 1)..]);
        var found = Regex.Match(text, $@"^ *// <{part}>\n(?<code>.*?)^ *// </{part}>\n", RegexOptions.Multiline | RegexOptions.Singleline);
        return found.Success ? Unindented(found.Groups["code"].Value) : null;
    }

    static string Unindented(string code)
    {
        string[] lines = code.Split('\n');
        int indentation = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart(' ').Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indentation..] : ""));
    }

    /// <summary>The anchors that GitHub gives the headings of a document: lower case, blanks to hyphens, no punctuation.</summary>
    static IEnumerable<string> AnchorsOf(string text) =>
        from heading in Headings().Matches(Fences().Replace(text, ""))
        select Punctuation().Replace(heading.Groups["title"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)|\b(src|srcset|href)=""(?<target>[^""\s]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Links();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Headings();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();

    [GeneratedRegex("^`[^`]*`[.,;]?$")]
    private static partial Regex WholeCode();

    [GeneratedRegex(@"^<!-- sample: (?<name>\S+) -->\n```csharp\n(?<code>.*?)^```\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Quotes();
}
