using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace NativeRetrieval.Cli;

/// <summary>
/// Words that look like options and are none of the command's. The parser takes them for values or arguments where these may stand.
/// </summary>
internal static partial class UnknownOptions
{
    /// <summary>
    /// Options of a command line that its command does not have, without their values. Words behind <c>--</c> are arguments.
    /// </summary>
    public static IReadOnlyList<string> In(string[] args, ParseResult parsed)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (SymbolResult? result = parsed.CommandResult; result is not null; result = result.Parent)
            if (result is CommandResult { Command: var command })
                known.UnionWith(command.Options.SelectMany(option => option.Aliases.Append(option.Name)));
        return [.. args.TakeWhile(word => word != "--").Select(word => Option().Match(word)).Where(match => match.Success)
            .Select(match => match.Groups["name"].Value).Where(name => !known.Contains(name) && !IsBundle(name)).Distinct()];

        // -qh stands for -q -h.
        bool IsBundle(string name) => name[1] != '-' && name.Skip(1).All(letter => known.Contains($"-{letter}"));
    }

    /// <summary>Answers whether a word has the look of an option.</summary>
    public static bool IsLike(string word) => Option().IsMatch(word);

    /// <summary>
    /// A word that begins as an option does, up to the value after = or :. Sentences have spaces, and negative numbers no letters.
    /// </summary>
    [GeneratedRegex(@"^(?<name>--?\p{L}[\w-]*)([=:].*)?$", RegexOptions.Singleline)]
    private static partial Regex Option();
}
