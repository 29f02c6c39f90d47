using System.Text;
using System.Text.Json.Serialization;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>
/// The changes made to a caption before it is tokenized. A model stores the rule it was trained with and applies it to queries.
/// Every listed character becomes one blank; nothing else changes, so double and trailing blanks stay (the tokenizer ignores them), unless
/// a rule says otherwise.
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

    /// <summary>
    /// The rule of WavCaps: lower case; white space before a single <c>, . ! ? ; : "</c> dropped; <c>( , . ! ? ; : | * " )</c> to blanks;
    /// pairs of blanks to one before and after that.
    /// </summary>
    public static CaptionNormalizer WavCaps { get; } = new(LowerCase: true, ToBlank: "(,.!?;:|*\")")
    {
        JoinsToWordBefore = ",.!?;:\"", HalvesBlanks = true,
    };

    /// <summary>Captions as they are, for text encoders that were trained on punctuated sentences.</summary>
    public static CaptionNormalizer Unchanged { get; } = new(LowerCase: false, ToBlank: "");

    /// <summary>
    /// Characters whose white space before them is dropped where white space or the end follows them; null: none. The scan goes on behind
    /// what followed, so that of two such characters in a row the first alone is joined.
    /// </summary>
    [JsonPropertyName("joins_to_word_before"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? JoinsToWordBefore { get; init; }

    /// <summary>Two blanks in a row become one, in one pass before the listed characters become blanks and in one after it.</summary>
    [JsonPropertyName("halves_blanks"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HalvesBlanks { get; init; }

    /// <summary>The rule applied to <paramref name="caption"/>; any UTF-16 text is accepted.</summary>
    public string Apply(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        // Joining and halving concern no letter, so that lower case may follow them.
        if (JoinsToWordBefore is { } joined) caption = Join(caption, joined);
        caption = Map(HalvesBlanks ? Halve(caption) : caption);
        return HalvesBlanks ? Halve(caption) : caption;
    }

    static string Halve(string text) => text.Replace("  ", " ", StringComparison.Ordinal);

    static string Join(string text, string joined)
    {
        var output = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool join = IsSpace(text[i]) && i + 1 < text.Length && joined.Contains(text[i + 1])
                && (i + 2 == text.Length || IsSpace(text[i + 2]));
            if (!join) output.Append(text[i]);
            else
            {
                output.Append(text, i + 1, Math.Min(2, text.Length - i - 1));
                i += 2;
            }
        }
        return output.ToString();
    }

    // Python's white space: Unicode's and the four separators of ASCII.
    static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    string Map(string caption)
    {
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
