using System.Text;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>
/// Text cleaning, blanks around ideographs, accent stripping (NFD without nonspacing marks) and lower case, in this order and in one
/// pass: each step maps single characters, apart from NFD's reordering, which concerns the marks that survive the stripping.
/// </summary>
internal sealed class BertNormalizer
{
    const char Dropped = char.MaxValue;

    readonly CharacterTable _characters = CharacterTable.Shared;
    readonly char[] _ascii = new char[128];
    readonly bool _clean, _splitIdeographs, _strip, _lower;

    public BertNormalizer(WordPieceOptions options)
    {
        (_clean, _splitIdeographs, _lower) = (options.CleanText, options.SplitIdeographs, options.LowerCase);
        _strip = options.StripAccents ?? options.LowerCase;
        for (char c = '\0'; c < _ascii.Length; c++)
        {
            var kind = _characters[c];
            _ascii[c] = _clean && kind.HasFlag(CharacterClass.Removed) ? Dropped
                : _clean && kind.HasFlag(CharacterClass.Space) ? ' '
                : _lower && char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
        }
    }

    /// <summary>Appends the normal form of <paramref name="text"/>. A lone surrogate is read as U+FFFD.</summary>
    public void Normalize(scoped ReadOnlySpan<char> text, ref ValueBuffer<char> output)
    {
        int marks = -1;      // where the current run of reordered marks began in the output, -1 outside a run
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (c < _ascii.Length)
            {
                char mapped = _ascii[c];
                if (mapped != Dropped)
                {
                    output.Add(mapped);
                    marks = -1;
                }
                i++;
                continue;
            }
            Rune.DecodeFromUtf16(text[i..], out var rune, out int length);
            i += length;
            NormalizeRune(rune.Value, ref output, ref marks);
        }
    }

    void NormalizeRune(int c, ref ValueBuffer<char> output, ref int marks)
    {
        var kind = _characters[c];
        if (_clean && (kind & CharacterClass.Removed) != 0) return;
        if (_clean && (kind & CharacterClass.Space) != 0)
        {
            output.Add(' ');
            marks = -1;
            return;
        }

        bool apart = _splitIdeographs && (kind & CharacterClass.Ideograph) != 0;
        if (apart) output.Add(' ');
        if (!_strip) AppendLower(c, kind, ref output);
        else if ((kind & CharacterClass.Decomposes) != 0)
            foreach (int part in _characters.Decomposition(c)) AppendStripped(part, ref output, ref marks);
        else if (Hangul.IsSyllable(c))
            foreach (int jamo in Hangul.Decompose(c, stackalloc int[3])) AppendStripped(jamo, ref output, ref marks);
        else AppendStripped(c, ref output, ref marks);
        if (apart)
        {
            output.Add(' ');
            marks = -1;
        }
    }

    void AppendStripped(int c, ref ValueBuffer<char> output, ref int marks)
    {
        var kind = _characters[c];
        bool reordered = (kind & CharacterClass.Reordered) != 0;
        if (!reordered) marks = -1;
        if ((kind & CharacterClass.Nonspacing) != 0) return;
        if (!reordered)
        {
            AppendLower(c, kind, ref output);
            return;
        }

        // Canonical ordering: a stable insertion sort by combining class within the run of marks.
        if (marks < 0) marks = output.Count;
        int at = output.Count, order = _characters.CombiningClass(c);
        while (at > marks)
        {
            Rune.DecodeLastFromUtf16(output.Items[..at], out var before, out int length);
            if (_characters.CombiningClass(before.Value) <= order) break;
            at -= length;
        }
        Span<char> units = stackalloc char[2];
        foreach (char unit in units[..new Rune(c).EncodeToUtf16(units)]) output.Insert(at++, unit);
    }

    void AppendLower(int c, CharacterClass kind, ref ValueBuffer<char> output)
    {
        if (_lower && (kind & CharacterClass.Uppercase) != 0)
            foreach (int lower in _characters.Lower(c)) Append(lower, ref output);
        else Append(c, ref output);
    }

    static void Append(int c, ref ValueBuffer<char> output)
    {
        if (c <= char.MaxValue)
        {
            output.Add((char)c);
            return;
        }
        output.Add((char)(0xD7C0 + (c >> 10)));
        output.Add((char)(0xDC00 + (c & 0x3FF)));
    }
}
