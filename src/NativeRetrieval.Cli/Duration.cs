using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace NativeRetrieval.Cli;

/// <summary>Lengths of time as they are typed: seconds, or a number with its unit, such as <c>500ms</c>, <c>12.5s</c>, <c>2m</c> and
/// <c>1h</c>.</summary>
internal static partial class Duration
{
    /// <summary>Seconds of a text; null: it is no length of time.</summary>
    public static double? Of(string text)
    {
        if (Form().Match(text) is not { Success: true } match) return null;
        double number = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        return number * match.Groups["unit"].Value switch { "ms" => 0.001, "m" or "min" => 60, "h" => 3600, _ => 1 };
    }

    [GeneratedRegex(@"^(?<number>\d{1,9}(\.\d{1,9})?|\.\d{1,9})(?<unit>ms|s|min|m|h)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}

/// <summary>An option whose value is a length of time, 0 or more; null where it is not given.</summary>
internal sealed class DurationOption : Option<double?>
{
    public DurationOption(string name) : base(name)
    {
        HelpName = "TIME";
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            double? seconds = Duration.Of(text);
            // Another option in its place is told of already.
            if (seconds is null && !text.StartsWith("--", StringComparison.Ordinal))
                result.AddError($"{name} {text}: expected seconds, or a number with its unit: 12.5, 500ms, 10s, 2m or 1h");
            return seconds;
        };
    }
}
