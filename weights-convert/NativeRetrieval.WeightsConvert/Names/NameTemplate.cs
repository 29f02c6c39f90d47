using System.Globalization;
using System.Text.RegularExpressions;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Names in which <c>{i}</c> and <c>{i-1}</c> stand for a loop's number and <c>(a|b)</c> for each of a and b in turn.</summary>
static partial class NameTemplate
{
    /// <summary>Names of the loops in a template, in order.</summary>
    public static IReadOnlyList<string> LoopsOf(string template) =>
        [.. Loop().Matches(template).Select(found => found.Groups["name"].Value).Distinct()];

    /// <summary>The template with the numbers of the loops that are given; others stay.</summary>
    public static string Fill(string template, IReadOnlyDictionary<string, int> loops) => Loop().Replace(template, found =>
    {
        if (!loops.ContainsKey(found.Groups["name"].Value)) return found.Value;
        int offset = found.Groups["offset"].Success ? int.Parse(found.Groups["offset"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        return (loops[found.Groups["name"].Value] + offset).ToString(CultureInfo.InvariantCulture);
    });

    /// <summary>One name for every choice of alternatives.</summary>
    public static IEnumerable<string> Alternatives(string text)
    {
        var found = Choice().Match(text);
        return found.Success
            ? found.Groups["options"].Value.Split('|')
                .SelectMany(option => Alternatives($"{text[..found.Index]}{option}{text[(found.Index + found.Length)..]}"))
            : [text];
    }

    [GeneratedRegex(@"\{(?<name>[a-z]+)(?<offset>[+-]\d+)?\}")]
    private static partial Regex Loop();

    [GeneratedRegex(@"\((?<options>[^()]*)\)")]
    private static partial Regex Choice();
}
