using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace NativeRetrieval.Text.Bpe;

/// <summary>
/// GPT-2's rule of words, <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, over code points: .NET's
/// regular expressions see halves of those beyond U+FFFF. White space is Unicode's White_Space.
/// </summary>
internal sealed class ByteLevelPreTokenizer : PreTokenizer
{
    enum Kind : byte
    {
        Other,
        Letter,
        Number,
        Space,
    }

    static readonly Kind[] _ascii = [.. Enumerable.Range(0, 128).Select(KindOf)];

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = WordLength(text.AsSpan(at));
            yield return (at, length);
        }
    }

    /// <summary>UTF-16 units of the word at the start of a text that is not empty; at least 1.</summary>
    public static int WordLength(ReadOnlySpan<char> text)
    {
        if (Contraction(text) is > 0 and int length) return length;
        int blank = text[0] == ' ' ? 1 : 0;
        if (text.Length > blank && At(text[blank..], out _) is not Kind.Space and var kind) return blank + Run(text[blank..], kind);
        // Blanks at the end are one word; elsewhere the last white space of several stands alone or goes with the word behind it.
        int spaces = Run(text, Kind.Space);
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }

    static int Contraction(ReadOnlySpan<char> text)
    {
        if (text[0] != '\'' || text.Length < 2) return 0;
        if (text[1] is 's' or 't' or 'm' or 'd') return 2;
        return text.Length > 2 && (text[1], text[2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    static int Run(ReadOnlySpan<char> text, Kind kind)
    {
        int length = 0;
        while (length < text.Length && At(text[length..], out int units) == kind) length += units;
        return length;
    }

    static Kind At(ReadOnlySpan<char> text, out int units)
    {
        units = 1;
        if (text[0] < _ascii.Length) return _ascii[text[0]];
        // A lone surrogate is read as U+FFFD, as in the bytes.
        Rune.DecodeFromUtf16(text, out var rune, out units);
        return KindOf(rune.Value);
    }

    static Kind KindOf(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        <= UnicodeCategory.OtherLetter => Kind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
        _ => Rune.IsWhiteSpace(new Rune(codePoint)) ? Kind.Space : Kind.Other,
    };
}
