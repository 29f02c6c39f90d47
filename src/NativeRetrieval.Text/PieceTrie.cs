using System.Runtime.CompilerServices;

namespace NativeRetrieval.Text;

/// <summary>
/// Longest-prefix lookup of word pieces: a trie whose edges (node, UTF-16 unit) lie in one open-addressing hash table.
/// Pieces hold whole code points, so a match never ends inside a surrogate pair of well-formed text.
/// </summary>
internal sealed class PieceTrie
{
    /// <summary>Root of the pieces that start a word.</summary>
    public const int WordStart = 0;

    /// <summary>Root of the pieces that continue one; they are stored without their prefix.</summary>
    public const int Continuation = 1;

    /// <summary>Far beyond any real vocabulary (half a million pieces have about four million characters).</summary>
    const int MostCharacters = 16 << 20;

    readonly int[] _ids;
    Edge[] _edges = new Edge[1 << 12];
    int _shift = 32 - 12;

    /// <exception cref="ArgumentException">The pieces have more characters than any real vocabulary.</exception>
    public PieceTrie(IReadOnlyDictionary<string, int> pieces, string continuationPrefix)
    {
        long characters = pieces.Keys.Sum(piece => (long)piece.Length);
        if (characters > MostCharacters)
            throw new ArgumentException($"the vocabulary has {characters} characters, more than the {MostCharacters} that are accepted");

        List<int> ids = [-1, -1];
        foreach (var (piece, id) in pieces)
        {
            Insert(WordStart, piece, id, ids);
            if (piece.StartsWith(continuationPrefix, StringComparison.Ordinal))
                Insert(Continuation, piece.AsSpan(continuationPrefix.Length), id, ids);
        }
        _ids = [.. ids];
    }

    /// <summary>
    /// The longest piece below <paramref name="root"/> that <paramref name="text"/> starts with; id −1 and length 0 if there is none.
    /// </summary>
    public int LongestMatch(int root, ReadOnlySpan<char> text, out int length)
    {
        int node = root, id = -1;
        length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            node = Find(node, text[i]);
            if (node < 0) break;
            if (_ids[node] is >= 0 and int found) (id, length) = (found, i + 1);
        }
        return id;
    }

    void Insert(int node, ReadOnlySpan<char> piece, int id, List<int> ids)
    {
        if (piece.IsEmpty) return;
        foreach (char unit in piece)
        {
            int child = Find(node, unit);
            if (child < 0)
            {
                child = ids.Count;
                ids.Add(-1);
                if (2 * ids.Count > _edges.Length) Grow();
                Place(new Edge(node, unit, child));
            }
            node = child;
        }
        ids[node] = id;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int Find(int node, char unit)
    {
        var edges = _edges;
        for (uint slot = Hash(node, unit) >> _shift; ; slot = (slot + 1) & (uint)(edges.Length - 1))
        {
            var edge = edges[slot];
            if (edge.Child == 0) return -1;
            if (edge.Node == node && edge.Unit == unit) return edge.Child;
        }
    }

    // At most half the slots are taken, so that searches end soon.
    void Grow()
    {
        var edges = _edges;
        _edges = new Edge[2 * edges.Length];
        _shift--;
        foreach (var edge in edges)
            if (edge.Child != 0) Place(edge);
    }

    void Place(Edge edge)
    {
        uint slot = Hash(edge.Node, edge.Unit) >> _shift;
        while (_edges[slot].Child != 0) slot = (slot + 1) & (uint)(_edges.Length - 1);
        _edges[slot] = edge;
    }

    // Fibonacci hashing: the golden ratio of 2^32 spreads consecutive keys over the top bits.
    static uint Hash(int node, char unit) => ((uint)node * 0x85EBCA6Bu ^ unit) * 0x9E3779B9u;

    /// <param name="Child">0 marks a free slot: the roots are nobody's child.</param>
    readonly record struct Edge(int Node, char Unit, int Child);
}
