using System.Numerics;
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

    readonly Edge[] _edges;
    readonly int[] _ids;
    readonly int _shift;

    public PieceTrie(IReadOnlyDictionary<string, int> pieces, string continuationPrefix)
    {
        long units = 0;
        foreach (string piece in pieces.Keys) units += 2L * piece.Length;      // a piece may be entered below both roots
        int bits = BitOperations.Log2((uint)checked((int)Math.Max(16, units))) + 1;
        _edges = new Edge[1 << bits];
        _shift = 32 - bits;

        List<int> ids = [-1, -1];
        foreach (var (piece, id) in pieces)
        {
            Insert(WordStart, piece, id, ids);
            if (piece.StartsWith(continuationPrefix, StringComparison.Ordinal))
                Insert(Continuation, piece.AsSpan(continuationPrefix.Length), id, ids);
        }
        _ids = [.. ids];

        int used = BitOperations.Log2((uint)Math.Max(16, 2 * ids.Count)) + 1;
        if (used < bits) (_edges, _shift) = (Rehash(_edges, used), 32 - used);
    }

    /// <summary>The longest piece below <paramref name="root"/> that <paramref name="text"/> starts with; id −1 and length 0 if there is none.</summary>
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
                Place(_edges, _shift, new Edge(node, unit, child));
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

    static Edge[] Rehash(Edge[] edges, int bits)
    {
        var smaller = new Edge[1 << bits];
        foreach (var edge in edges)
            if (edge.Child != 0) Place(smaller, 32 - bits, edge);
        return smaller;
    }

    static void Place(Edge[] edges, int shift, Edge edge)
    {
        uint slot = Hash(edge.Node, edge.Unit) >> shift;
        while (edges[slot].Child != 0) slot = (slot + 1) & (uint)(edges.Length - 1);
        edges[slot] = edge;
    }

    // Fibonacci hashing: the golden ratio of 2^32 spreads consecutive keys over the top bits.
    static uint Hash(int node, char unit) => ((uint)node * 0x85EBCA6Bu ^ unit) * 0x9E3779B9u;

    /// <param name="Child">0 marks a free slot: the roots are nobody's child.</param>
    readonly record struct Edge(int Node, char Unit, int Child);
}
