using System.Numerics;
using System.Runtime.InteropServices;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>One bit per row of a segment, as it is stored: little-endian words, zero words at the end left out.</summary>
internal sealed class RowBitmap
{
    ulong[] _words;

    public RowBitmap() => _words = [];

    public RowBitmap(ReadOnlySpan<byte> stored)
    {
        _words = new ulong[(stored.Length + 7) / 8];
        stored.CopyTo(MemoryMarshal.AsBytes(_words.AsSpan()));
    }

    public RowBitmap(ulong[] words) => _words = words;

    public ulong[] Words => _words;

    public bool this[int row] => row / 64 < _words.Length && (_words[row / 64] >> (row % 64) & 1) != 0;

    public void Set(int first, int count)
    {
        int words = (first + count + 63) / 64;
        if (count > 0 && _words.Length < words) Array.Resize(ref _words, words);
        for (int row = first; row < first + count; row++) _words[row / 64] |= 1UL << (row % 64);
    }

    public void Clear(int first, int count)
    {
        for (int row = first; row < first + count && row / 64 < _words.Length; row++) _words[row / 64] &= ~(1UL << (row % 64));
    }

    public long Count() => _words.Sum(word => (long)BitOperations.PopCount(word));

    /// <summary>The rows that are not set, of so many.</summary>
    public IEnumerable<int> Unset(int rows)
    {
        for (int word = 0; 64 * word < rows; word++)
            for (ulong unset = word < _words.Length ? ~_words[word] : ulong.MaxValue; unset != 0; unset &= unset - 1)
                if (64 * word + BitOperations.TrailingZeroCount(unset) is var row && row < rows) yield return row;
    }

    public int HighestSet()
    {
        int last = Array.FindLastIndex(_words, word => word != 0);
        return last < 0 ? -1 : 64 * last + 63 - BitOperations.LeadingZeroCount(_words[last]);
    }

    /// <summary>A bitmap of the given rows, all set.</summary>
    public static RowBitmap Full(int rows)
    {
        var bitmap = new RowBitmap();
        bitmap.Set(0, rows);
        return bitmap;
    }

    public RowBitmap Copy() => new([.. _words]);

    public byte[] Stored() => MemoryMarshal.AsBytes(_words.AsSpan(0, HighestSet() / 64 + (HighestSet() < 0 ? 0 : 1))).ToArray();
}
