using System.Globalization;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Parity;

/// <summary>Numbers that a golden file's metadata states in words.</summary>
static class GoldenMetadata
{
    /// <summary>
    /// The numbers that a regular expression's groups capture in the entry of that key, in their order; null where the entry does not
    /// match.
    /// </summary>
    /// <exception cref="CorruptFileException">There is no such entry.</exception>
    public static double[]? FindNumbers(this SafetensorsFile golden, string key, string pattern)
    {
        string text = golden.Metadata.TryGetValue(key, out string? entry) ? entry
            : throw new CorruptFileException(golden.Path, $"its metadata has no entry '{key}', which states the settings of its values");
        var match = Regex.Match(text, pattern, RegexOptions.CultureInvariant);
        return !match.Success ? null : [.. match.Groups.Values.Skip(1).SelectMany(group => group.Captures)
            .Select(capture => double.Parse(capture.Value, NumberStyles.Float, CultureInfo.InvariantCulture))];
    }

    /// <summary>The numbers of <see cref="FindNumbers"/>, which must be there.</summary>
    /// <exception cref="CorruptFileException">There is no such entry, or it does not match.</exception>
    public static double[] Numbers(this SafetensorsFile golden, string key, string pattern) => FindNumbers(golden, key, pattern)
        ?? throw new CorruptFileException(golden.Path,
            $"its metadata '{key}' was expected to match \"{pattern}\", got \"{golden.Metadata[key]}\"");
}
