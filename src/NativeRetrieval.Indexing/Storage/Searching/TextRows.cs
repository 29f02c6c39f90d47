using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>The vectors of the texts of one commit in memory, ready to be searched, and the files that have each.</summary>
internal sealed unsafe class TextRows
{
    /// <summary>Texts of a block: a multiple of 64, so that a block's share of a bitmap is whole words.</summary>
    const int BlockTexts = 16_384;

    readonly List<ushort[]> _blocks = [];
    readonly int[] _textOf;
    readonly List<int>[] _placesOf;
    readonly int _stride;

    TextRows(int width, int[] textOf, List<int>[] placesOf)
    {
        (Width, _textOf, _placesOf) = (width, textOf, placesOf);
        _stride = RowSearch.StrideBytes(Math.Max(1, width), DType.BFloat16) / sizeof(ushort);
    }

    /// <summary>Values of a vector; 0 where there is none.</summary>
    public int Width { get; }

    /// <param name="texts">Texts by ascending key, of one width.</param>
    /// <param name="keys">Keys of the texts of files, by their places.</param>
    public static TextRows Load(IEnumerable<(long Key, BFloat16[] Vector)> texts, IReadOnlyList<long> keys)
    {
        var textOfKey = new Dictionary<long, int>();
        TextRows? rows = null;
        var loaded = new List<ushort[]>();
        int width = 0, stride = 0;
        foreach (var (key, vector) in texts)
        {
            if (width == 0) (width, stride) = (vector.Length, RowSearch.StrideBytes(vector.Length, DType.BFloat16) / sizeof(ushort));
            int text = textOfKey.Count;
            if (text % BlockTexts == 0) loaded.Add(GC.AllocateArray<ushort>(BlockTexts * stride, pinned: true));
            for (int i = 0; i < Math.Min(width, vector.Length); i++) loaded[^1][text % BlockTexts * stride + i] = vector[i].Bits;
            textOfKey[key] = text;
        }
        int[] textOf = [.. keys.Select(key => textOfKey.TryGetValue(key, out int text) ? text : -1)];
        var placesOf = new List<int>[textOfKey.Count];
        for (int place = 0; place < textOf.Length; place++)
            if (textOf[place] is >= 0 and var text) (placesOf[text] ??= []).Add(place);
        rows = new TextRows(width, textOf, placesOf);
        rows._blocks.AddRange(loaded);
        return rows;
    }

    /// <summary>The texts nearest to a vector that files have which may be found, best first.</summary>
    /// <param name="allowed">True at the places of these files; null: all.</param>
    public IEnumerable<(float Cosine, IReadOnlyList<int> Places)> Nearest(float[] unit, int most, bool[]? allowed)
    {
        var blocks = new List<RowBlock>(_blocks.Count);
        for (int block = 0; block < _blocks.Count; block++)
        {
            int count = Math.Min(BlockTexts, _placesOf.Length - block * BlockTexts);
            var excluded = RowBitmap.Full(count);
            for (int i = 0; i < count; i++)
                if (_placesOf[block * BlockTexts + i]?.Exists(place => allowed?[place] != false) == true) excluded.Clear(i, 1);
            fixed (ushort* first = _blocks[block]) // pinned for good
                blocks.Add(new RowBlock((nint)first, count, (long)block * BlockTexts, excluded.Words));
        }
        var best = RowSearch.TopK(blocks, DType.BFloat16, Width, unit, Math.Min(most, _placesOf.Length))[0];
        float[] cosines = new float[best.Count];
        long[] texts = new long[best.Count];
        best.Drain(cosines, texts);
        GC.KeepAlive(_blocks);
        return cosines.Zip(texts, (cosine, text) => (cosine, (IReadOnlyList<int>)_placesOf[text]));
    }

    /// <summary>Cosine of a vector with the text of a file; null where the file has none.</summary>
    public double? CosineOf(float[] unit, int place)
    {
        if (_textOf[place] is not (>= 0 and var text)) return null;
        var row = _blocks[text / BlockTexts].AsSpan(text % BlockTexts * _stride, Width);
        double sum = 0;
        for (int i = 0; i < unit.Length; i++) sum += unit[i] * (double)(float)new BFloat16(row[i]);
        return sum;
    }
}
