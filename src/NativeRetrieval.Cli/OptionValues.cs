using System.CommandLine;
using System.Globalization;

namespace NativeRetrieval.Cli;

/// <summary>Checks of what stands behind an option, with messages that say what is expected there.</summary>
internal static class OptionValues
{
    static readonly Type[] _whole = [typeof(int), typeof(long)];
    static readonly Type[] _real = [typeof(float), typeof(double)];

    /// <summary>
    /// Lets every option of a command tree refuse another option in the place of its value, and each that takes a number anything else.
    /// </summary>
    public static void Check(Command command)
    {
        foreach (var option in command.Options)
            option.Validators.Add(result =>
            {
                foreach (string text in result.Tokens.Select(token => token.Value))
                    if (command.Options.Any(other => other.Name == text))
                        result.AddError($"{option.Name} needs a value, and what follows is the option '{text}'");
                    else if (IsNumeric(option) && Problem(option, text) is { } problem) result.AddError($"{option.Name} {text}: {problem}");
            });
        foreach (var subcommand in command.Subcommands) Check(subcommand);
    }

    /// <summary>Refuses numbers outside a range.</summary>
    /// <param name="expected">Words for the range, e.g. <c>1 to 1,000 hits</c>.</param>
    public static void RequireRange(this Option option, double lowest, double highest, string expected) => option.Validators.Add(result =>
    {
        foreach (string text in result.Tokens.Select(token => token.Value))
            if (Problem(option, text) is null && !(Number(text) >= lowest && Number(text) <= highest))
                result.AddError($"{option.Name} {text}: expected {expected}");
    });

    /// <summary>True for an option that takes a number without a unit.</summary>
    public static bool IsNumeric(Option option) => option is not DurationOption
        && (_whole.Contains(TypeOf(option)) || _real.Contains(TypeOf(option)));

    static Type TypeOf(Option option) =>
        Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType.GetElementType() ?? option.ValueType;

    static string? Problem(Option option, string text)
    {
        // A comma would be taken for a separator of thousands: 1,5 for 15.
        if (text.Contains(',')) return "expected a number without commas; decimals follow a point, e.g. 0.5";
        if (_real.Contains(TypeOf(option))) return double.IsNaN(Number(text)) ? "expected a number, e.g. 0.5" : null;
        if (!text.AsSpan().TrimStart('-').ContainsAnyExceptInRange('0', '9') && text.Trim('-').Length > 0)
            return Math.Abs(Number(text)) <= int.MaxValue || TypeOf(option) == typeof(long) ? null : "the number is too large";
        return "expected a whole number, e.g. 10";
    }

    static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        ? number : double.NaN;
}
