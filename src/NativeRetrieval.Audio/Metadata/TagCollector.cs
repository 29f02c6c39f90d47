using System.Globalization;
using System.Text;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>Fields of all tags of one file, within bounds, and notes on what is beyond them or damaged.</summary>
internal sealed class TagCollector
{
    /// <summary>Most bytes of one field, and of all; most fields; most notes.</summary>
    public const int LargestField = 1 << 20, LargestTotal = 4 << 20, MostFields = 2_000, MostNotes = 20;

    static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    readonly List<(string Name, string Value)> _fields = [];
    readonly List<string> _notes = [];
    int _total;

    public IReadOnlyList<(string Name, string Value)> Fields => _fields;

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>True where no further field is taken.</summary>
    public bool IsFull => _fields.Count >= MostFields || _total >= LargestTotal;

    public void Note(string problem)
    {
        if (_notes.Count < MostNotes && !_notes.Contains(problem)) _notes.Add(problem);
    }

    /// <summary>Adds a field unless it is blank; what is too much is noted.</summary>
    public void Add(string name, string value)
    {
        value = Clean(value);
        if (value.Length == 0) return;
        if (IsFull || value.Length > LargestTotal - _total)
        {
            Note("its tags hold more text than is kept; the rest is left out");
            _total = LargestTotal;
            return;
        }
        _total += value.Length;
        _fields.Add((name, value));
    }

    /// <summary>Text of unknown encoding: UTF-8 where it is that, else Latin-1. It ends at the first NUL.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        if (end >= 0) bytes = bytes[..end];
        try
        {
            return _strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    /// <summary>
    /// One line without characters that are no text: controls and halves of surrogate pairs become blanks, runs of blanks one.
    /// </summary>
    static string Clean(string value)
    {
        var text = new StringBuilder(value.Length);
        bool gap = false;
        foreach (var rune in value.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (rune == Rune.ReplacementChar || Rune.IsWhiteSpace(rune) || Rune.IsControl(rune)
                || category is UnicodeCategory.Format or UnicodeCategory.PrivateUse)
            {
                gap = text.Length > 0;
                continue;
            }
            if (gap) text.Append(' ');
            gap = false;
            text.Append(rune.ToString());
        }
        return text.ToString();
    }
}
