using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Search;

/// <summary>Lists of several queries, and beside them the score that each asks for, so that scores of four are tested at once.</summary>
/// <param name="queries">Number of queries.</param>
/// <param name="k">Pairs that each list keeps.</param>
internal sealed unsafe class QueryLists(int queries, int k)
{
    /// <summary>The <see cref="TopKList.Floor"/> of each list; behind them ∞ for queries that are not there.</summary>
    readonly float[] _floors = NewFloors(queries);

    public TopKList[] Lists { get; } = NewLists(queries, k);

    /// <summary>Adds a pair if it is among the k best of its query so far.</summary>
    public void Offer(int query, float score, long id)
    {
        // Most scores are too low: one comparison here, and no call.
        if (score < _floors[query]) return;
        Lists[query].Offer(score, id);
        _floors[query] = Lists[query].Floor;
    }

    /// <summary>Adds a row's pairs with four consecutive queries; scores of queries that are not there are passed over.</summary>
    public void OfferFour(int first, float* scores, long id)
    {
        if (Vector128.LessThanAll(Vector128.Load(scores), Vector128.Create(_floors.AsSpan(first, 4)))) return;
        for (int q = 0; q < Math.Min(4, queries - first); q++) Offer(first + q, scores[q], id);
    }

    public static TopKList[] NewLists(int count, int k)
    {
        var lists = new TopKList[count];
        for (int q = 0; q < count; q++) lists[q] = new TopKList(k);
        return lists;
    }

    static float[] NewFloors(int queries)
    {
        float[] floors = new float[queries + 3];
        floors.AsSpan(0, queries).Fill(float.NaN);
        floors.AsSpan(queries).Fill(float.PositiveInfinity);
        return floors;
    }
}
