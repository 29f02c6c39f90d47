using System.Text;
using System.Text.Json.Serialization;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>
/// The changes made to a caption before it is tokenized. A model stores the rule it was trained with and applies it to queries.
/// Every listed character becomes one blank; nothing else changes, so double and trailing blanks stay (the tokenizer ignores them).
/// </summary>
/// <param name="LowerCase">Lower-case every character.</param>
/// <param name="ToBlank">Characters of the Basic Multilingual Plane that become a blank.</param>
public sealed record CaptionNormalizer(
    [property: JsonPropertyName("lower_case")] bool LowerCase,
    [property: JsonPropertyName("to_blank")] string ToBlank)
{
    /// <summary>
    /// The rule of the retrieval authors' code: lower case and <c>, . ! ? ; : "</c> to blanks; hyphens and apostrophes stay.
    /// </summary>
    public static CaptionNormalizer Report { get; } = new(LowerCase: true, ToBlank: ",.!?;:\"");

    /// <summary><see cref="Report"/> with the apostrophe among the blanks.</summary>
    public static CaptionNormalizer ReportAndApostrophe { get; } = Report with { ToBlank = Report.ToBlank + "'" };

    /// <summary>Captions as they are, for text encoders that were trained on punctuated sentences.</summary>
    public static CaptionNormalizer Unchanged { get; } = new(LowerCase: false, ToBlank: "");

    /// <summary>The rule applied to <paramref name="caption"/>; any UTF-16 text is accepted.</summary>
    public string Apply(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        var output = new StringBuilder(caption.Length);
        for (int i = 0; i < caption.Length; i++)
        {
            char c = caption[i];
            if (ToBlank.Contains(c)) output.Append(' ');
            else if (!LowerCase) output.Append(c);
            else if (char.IsAscii(c)) output.Append(char.ToLowerInvariant(c));
            else if (Rune.TryGetRuneAt(caption, i, out var rune))
            {
                AppendLower(output, rune.Value);
                i += rune.Utf16SequenceLength - 1;
            }
            else output.Append(c);
        }
        return output.ToString();
    }

    /// <summary>
    /// <see cref="Apply"/> with one blank between words and none at the ends: captions with equal keys are one text to the tokenizer.
    /// </summary>
    public string Key(string caption) => string.Join(' ', Apply(caption).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // The tokenizer's own table: what .NET lower-cases beyond ASCII depends on the host's globalization mode.
    static void AppendLower(StringBuilder output, int codePoint)
    {
        if (!CharacterTable.Shared[codePoint].HasFlag(CharacterClass.Uppercase)) output.Append(char.ConvertFromUtf32(codePoint));
        else
            foreach (int lower in CharacterTable.Shared.Lower(codePoint)) output.Append(char.ConvertFromUtf32(lower));
    }
}
