using System.Globalization;
using System.Text;

namespace NativeRetrieval.Core.Errors;

/// <summary>
/// Text from elsewhere, such as names of files and tensors, in a form that a terminal only shows and that stays one line:
/// a character that could steer it, or hide in it, is replaced by a visible escape.
/// </summary>
public static class PlainText
{
    /// <summary>Characters of a name that <see cref="Short"/> leaves.</summary>
    const int ShortLength = 120;

    /// <summary>
    /// The text with control characters, line feeds among them, as <c>\x1b</c>, and marks of writing direction, line separators,
    /// invisible characters and unpaired surrogates as <c>\u202e</c>. Such text comes out of a second pass as it went in.
    /// </summary>
    public static string Of(string text) => Escaped(text,
        c => char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}") : Unicode(c), keepsLines: false);

    /// <summary>The text as <see cref="Of"/> has it, cut behind its first 120 characters: for names inside a message.</summary>
    public static string Short(string text) => text.Length <= ShortLength ? Of(text) : Of(text[..ShortLength]) + "…";

    /// <summary>
    /// A JSON document in which the same characters are escapes of JSON: it reads as before, and only its line feeds control.
    /// </summary>
    public static string OfJson(string document) => Escaped(document, Unicode, keepsLines: true);

    static string Unicode(char c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");

    static string Escaped(string text, Func<char, string> escape, bool keepsLines)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return text;
        var shown = new StringBuilder(text.Length);
        for (int i = 0, length; i < text.Length; i += length)
        {
            length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            bool stays = text[i] == '\n' && keepsLines || !Steers(text, i);
            foreach (char c in text.AsSpan(i, length))
                if (stays) shown.Append(c);
                else shown.Append(escape(c));
        }
        return shown.ToString();
    }

    /// <summary>True of C0 and C1 controls, half surrogate pairs, line separators and all format characters but the two joiners.</summary>
    static bool Steers(string text, int index) => text[index] is not ('\u200C' or '\u200D')
        && CharUnicodeInfo.GetUnicodeCategory(text, index) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
