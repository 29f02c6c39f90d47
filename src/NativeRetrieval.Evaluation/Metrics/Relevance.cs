using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>The items that answer each query, at least one for each.</summary>
public sealed class Relevance
{
    readonly int[][] _itemsOfQuery;

    /// <param name="itemsOfQuery">Relevant items of each query; order and repetition do not matter.</param>
    /// <param name="itemCount">Number of items that are ranked.</param>
    /// <exception cref="OptionException">A query has no relevant item, or one that does not exist.</exception>
    public Relevance(IEnumerable<IEnumerable<int>> itemsOfQuery, int itemCount)
    {
        _itemsOfQuery = [.. itemsOfQuery.Select(items => items.Distinct().Order().ToArray())];
        ItemCount = itemCount;
        for (int query = 0; query < _itemsOfQuery.Length; query++)
        {
            int[] items = _itemsOfQuery[query];
            if (items.Length == 0) throw new OptionException($"query {query} has no relevant item: its rank is undefined");
            if (items[0] < 0 || items[^1] >= itemCount)
                throw new OptionException($"query {query} names item {(items[0] < 0 ? items[0] : items[^1])}; there are {itemCount}");
        }
        RelevantItems = [.. _itemsOfQuery.SelectMany(items => items).Distinct().Order()];
    }

    /// <summary>Number of queries.</summary>
    public int QueryCount => _itemsOfQuery.Length;

    /// <summary>Number of items that are ranked, relevant ones and others.</summary>
    public int ItemCount { get; }

    /// <summary>Relevant items of a query, ascending.</summary>
    public ReadOnlySpan<int> ItemsOf(int query) => _itemsOfQuery[query];

    /// <summary>Items that are relevant to some query, ascending: the queries of <see cref="Transpose"/>, in its order.</summary>
    public IReadOnlyList<int> RelevantItems { get; }

    /// <summary>The same pairs with queries and items exchanged; items that are relevant to no query are left out.</summary>
    public Relevance Transpose()
    {
        var queriesOfItem = new Dictionary<int, List<int>>();
        foreach (int item in RelevantItems) queriesOfItem.Add(item, []);
        for (int query = 0; query < QueryCount; query++)
            foreach (int item in _itemsOfQuery[query]) queriesOfItem[item].Add(query);
        return new Relevance(RelevantItems.Select(item => queriesOfItem[item]), QueryCount);
    }
}
