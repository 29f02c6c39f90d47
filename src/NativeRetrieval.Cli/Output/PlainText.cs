using System.Globalization;
using System.Text;

namespace NativeRetrieval.Cli.Output;

/// <summary>
/// Text from elsewhere, such as names of files, in a form that a terminal only shows:
/// whatever could steer it is replaced by a visible escape.
/// </summary>
public static class PlainText
{
    /// <summary>
    /// The text with control characters as <c>\x1b</c>, and marks of writing direction, line separators and unpaired
    /// surrogates as <c>\u202e</c>.
    /// </summary>
    /// <param name="lines">Line feeds stay: for messages, which may have several lines, and not for names.</param>
    public static string Of(string text, bool lines = false)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return text;
        var shown = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsSurrogate(c))
            {
                if (i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1])) shown.Append(c).Append(text[++i]);
                else Escape(c);
            }
            else if (c == '\n' && lines) shown.Append(c);
            else if (char.IsControl(c)) shown.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else if (c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069')) Escape(c);
            else shown.Append(c);
        }
        return shown.ToString();

        void Escape(char c) => shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
    }
}
