using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Core.Tests.Search;

public class TopKListTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(1000)]
    public void HoldsWhatSortingWouldGive(int k)
    {
        // Few distinct scores, so that most places are decided by the id.
        var random = new Random(k);
        var pairs = Enumerable.Range(0, 300).Select(id => (Score: random.Next(20) / 4f, Id: (long)id)).ToArray();
        random.Shuffle(pairs);
        var expected = pairs.OrderByDescending(pair => pair.Score).ThenBy(pair => pair.Id).Take(k).ToArray();

        TopKList whole = new(k), left = new(k), right = new(k);
        for (int i = 0; i < pairs.Length; i++)
        {
            whole.Offer(pairs[i].Score, pairs[i].Id);
            (i % 3 == 0 ? left : right).Offer(pairs[i].Score, pairs[i].Id);
        }
        right.Merge(left);

        Assert.Equal(expected, Drained(whole));
        Assert.Equal(expected, Drained(right));
    }

    [Fact]
    public void NaNRanksBelowEveryNumber()
    {
        var list = new TopKList(4);
        var offers = new[] { (float.NaN, 1L), (float.NegativeInfinity, 2), (float.NaN, 0), (1f, 3), (float.PositiveInfinity, 4) };
        foreach (var (score, id) in offers) list.Offer(score, id);
        Assert.Equal([4L, 3, 2, 0], Drained(list).Select(pair => pair.Id));
    }

    static (float Score, long Id)[] Drained(TopKList list)
    {
        float[] scores = new float[list.Count];
        long[] ids = new long[list.Count];
        list.Drain(scores, ids);
        Assert.Equal(0, list.Count);
        return [.. scores.Zip(ids)];
    }
}
