using System.Text;
using Microsoft.ML.Tokenizers;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>
/// Text cleaning, blanks around ideographs, accent stripping (NFD without nonspacing marks) and lower case, in this order and in one
/// pass: each step maps single characters, apart from NFD's reordering, which concerns the marks that survive the stripping.
/// </summary>
internal sealed class BertNormalizer : Normalizer
{
    /// <summary>
    /// Stand-in for a word that is too long: a lone surrogate, which is in no vocabulary and in no normal form. The library's own limit
    /// counts UTF-16 units, the reference's counts code points.
    /// </summary>
    const char OverLong = '\uD800';

    const char Dropped = char.MaxValue;
    const int StackUnits = 512;

    readonly CharacterTable _characters = CharacterTable.Shared;
    readonly BertPreTokenizer _words = new();
    readonly char[] _ascii = new char[128];
    readonly bool _clean, _splitIdeographs, _strip, _lower;
    readonly int _maxWordLength;

    public BertNormalizer(TextTokenizerOptions options)
    {
        (_clean, _splitIdeographs, _lower) = (options.CleanText, options.SplitIdeographs, options.LowerCase);
        _strip = options.StripAccents ?? options.LowerCase;
        _maxWordLength = options.MaxWordLength;
        for (char c = '\0'; c < _ascii.Length; c++)
        {
            var kind = _characters[c];
            _ascii[c] = _clean && kind.HasFlag(CharacterClass.Removed) ? Dropped
                : _clean && kind.HasFlag(CharacterClass.Space) ? ' '
                : _lower && char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
        }
    }

    /// <summary>The normal form with a stand-in for every word that is longer than the limit, so that it is unknown.</summary>
    public override string Normalize(string original) => Normalize(original.AsSpan());

    /// <inheritdoc cref="Normalize(string)"/>
    public override string Normalize(ReadOnlySpan<char> original)
    {
        string normal = NormalForm(original);
        if (normal.Length <= _maxWordLength) return normal;
        StringBuilder? limited = null;
        int copied = 0;
        foreach (var (offset, length) in _words.PreTokenize(normal))
        {
            if (length <= _maxWordLength || BertPreTokenizer.CodePoints(normal.AsSpan(offset, length)) <= _maxWordLength) continue;
            limited = (limited ?? new StringBuilder()).Append(normal, copied, offset - copied).Append(OverLong);
            copied = offset + length;
        }
        return limited is null ? normal : limited.Append(normal, copied, normal.Length - copied).ToString();
    }

    /// <summary>The normal form of <paramref name="text"/>, well-formed UTF-16. A lone surrogate is read as U+FFFD.</summary>
    public string NormalForm(ReadOnlySpan<char> text)
    {
        if (Ascii.IsValid(text)) return OfAscii(text);
        var output = new StringBuilder(text.Length + 16);
        int marks = -1;      // where the current run of reordered marks began in the output, -1 outside a run
        foreach (var rune in text.EnumerateRunes()) NormalizeRune(rune.Value, output, ref marks);
        return output.ToString();
    }

    string OfAscii(ReadOnlySpan<char> text)
    {
        Span<char> output = text.Length <= StackUnits ? stackalloc char[StackUnits] : new char[text.Length];
        int count = 0;
        foreach (char c in text)
            if (_ascii[c] is var mapped and not Dropped) output[count++] = mapped;
        return new string(output[..count]);
    }

    void NormalizeRune(int c, StringBuilder output, ref int marks)
    {
        if (c < _ascii.Length)
        {
            if (_ascii[c] == Dropped) return;
            output.Append(_ascii[c]);
            marks = -1;
            return;
        }
        var kind = _characters[c];
        if (_clean && (kind & CharacterClass.Removed) != 0) return;
        if (_clean && (kind & CharacterClass.Space) != 0)
        {
            output.Append(' ');
            marks = -1;
            return;
        }

        bool apart = _splitIdeographs && (kind & CharacterClass.Ideograph) != 0;
        if (apart) output.Append(' ');
        if (!_strip) AppendLower(c, kind, output);
        else if ((kind & CharacterClass.Decomposes) != 0)
            foreach (int part in _characters.Decomposition(c)) AppendStripped(part, output, ref marks);
        else if (Hangul.IsSyllable(c))
            foreach (int jamo in Hangul.Decompose(c, stackalloc int[3])) AppendStripped(jamo, output, ref marks);
        else AppendStripped(c, output, ref marks);
        if (apart)
        {
            output.Append(' ');
            marks = -1;
        }
    }

    void AppendStripped(int c, StringBuilder output, ref int marks)
    {
        var kind = _characters[c];
        bool reordered = (kind & CharacterClass.Reordered) != 0;
        if (!reordered) marks = -1;
        if ((kind & CharacterClass.Nonspacing) != 0) return;
        if (!reordered)
        {
            AppendLower(c, kind, output);
            return;
        }

        // Canonical ordering: a stable insertion sort by combining class within the run of marks.
        if (marks < 0) marks = output.Length;
        int at = output.Length, order = _characters.CombiningClass(c);
        while (at > marks)
        {
            int start = char.IsLowSurrogate(output[at - 1]) ? at - 2 : at - 1;
            int before = start == at - 1 ? output[start] : char.ConvertToUtf32(output[start], output[start + 1]);
            if (_characters.CombiningClass(before) <= order) break;
            at = start;
        }
        output.Insert(at, char.ConvertFromUtf32(c));
    }

    void AppendLower(int c, CharacterClass kind, StringBuilder output)
    {
        if (_lower && (kind & CharacterClass.Uppercase) != 0)
            foreach (int lower in _characters.Lower(c)) Append(lower, output);
        else Append(c, output);
    }

    static void Append(int c, StringBuilder output)
    {
        if (c <= char.MaxValue) output.Append((char)c);
        else output.Append((char)(0xD7C0 + (c >> 10))).Append((char)(0xDC00 + (c & 0x3FF)));
    }
}
