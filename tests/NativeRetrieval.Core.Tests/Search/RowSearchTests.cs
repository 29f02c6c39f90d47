using System.Runtime.InteropServices;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Search;

public sealed unsafe class RowSearchTests : IDisposable
{
    readonly List<nint> _memory = [];

    public void Dispose()
    {
        foreach (nint block in _memory) NativeMemory.AlignedFree((void*)block);
    }

    public static TheoryData<string, DType, int, int, int> Shapes()
    {
        var shapes = new TheoryData<string, DType, int, int, int>();
        foreach (string lanes in (string[])["512", "256", "128"])
            foreach (var element in (DType[])[DType.Float32, DType.BFloat16])
                foreach (var (rows, dimension, queries) in new[] { (1, 1, 1), (7, 3, 2), (64, 16, 3), (203, 33, 7), (5000, 40, 4) })
                    shapes.Add(lanes, element, rows, dimension, queries);
        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void FindsTheRowsThatScoringAllOfThemFinds(string lanes, DType element, int rows, int dimension, int queries)
    {
        float[] x = Values(1, rows * dimension), q = Values(2, queries * dimension);
        if (element == DType.BFloat16) for (int i = 0; i < x.Length; i++) x[i] = (float)(BFloat16)x[i];
        var excluded = Excluded(rows);
        var blocks = Blocks(x, dimension, element, excluded, splitAt: rows / 3);
        int k = Math.Min(20, rows);

        var found = Search(lanes, blocks, element, dimension, q, k);

        for (int query = 0; query < queries; query++)
        {
            var expected = Enumerable.Range(0, rows).Where(row => !excluded.Contains(row))
                .Select(row => (Score: Dot(q, query, x, row, dimension), Row: row)).OrderByDescending(pair => pair.Score).Take(k).ToArray();
            Assert.Equal(expected.Length, found[query].Length);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i].Score, found[query][i].Score, 1e-5);
                Assert.Equal(Dot(q, query, x, (int)found[query][i].Id, dimension), found[query][i].Score, 1e-5);
                Assert.DoesNotContain((int)found[query][i].Id, excluded);
            }
            Assert.Equal(found[query].Length, found[query].DistinctBy(pair => pair.Id).Count());
        }
    }

    [Theory]
    [InlineData("512", DType.Float32)]
    [InlineData("512", DType.BFloat16)]
    [InlineData("256", DType.Float32)]
    [InlineData("256", DType.BFloat16)]
    [InlineData("128", DType.Float32)]
    public void AQueryInABatchGivesTheBitsItGivesAloneWhicheverRowsAreExcluded(string lanes, DType element)
    {
        const int dimension = 100, most = 100;
        float[] x = Values(3, 1111 * dimension), q = Values(4, most * dimension);
        foreach (var excluded in (HashSet<int>[])[[], Excluded(1111), [.. Enumerable.Range(0, 1111).Where(row => row % 97 != 5)]])
        {
            var blocks = Blocks(x, dimension, element, excluded, splitAt: 500);
            var alone = Enumerable.Range(0, most)
                .Select(i => Search(lanes, blocks, element, dimension, q.AsSpan(i * dimension, dimension).ToArray(), 50)[0]).ToArray();
            Assert.All(alone, hits => Assert.Equal(Math.Min(50, 1111 - excluded.Count), hits.Length));
            foreach (int queries in (int[])[2, 3, 4, 5, 16, most])
                Assert.Equal(alone[..queries], Search(lanes, blocks, element, dimension, q[..(queries * dimension)], 50));
        }
    }

    /// <summary>Sums of integers are exact: the scores are known to the last bit, and so is the order.</summary>
    [Theory]
    [InlineData("512", 1, 1)]
    [InlineData("512", 40, 7)]
    [InlineData("512", 300, 16)]
    [InlineData("256", 1, 1)]
    [InlineData("256", 40, 7)]
    [InlineData("256", 300, 16)]
    [InlineData("128", 1, 1)]
    [InlineData("128", 40, 7)]
    [InlineData("128", 300, 16)]
    public void RowsInFixedPointAreFoundByExactSums(string lanes, int dimension, int most)
    {
        const int rows = 1111;
        short[] x = FixedUnits(12, rows, dimension), q = FixedUnits(13, most, dimension);
        var excluded = Excluded(rows);
        RowBlock[] blocks = [FixedBlock(x, dimension, 0, 500, excluded), FixedBlock(x, dimension, 500, rows, excluded)];
        var expected = Enumerable.Range(0, most).Select(query => Enumerable.Range(0, rows).Where(row => !excluded.Contains(row))
            .Select(row => (Score: Score(query, row), Id: (long)row))
            .OrderByDescending(pair => pair.Score).ThenBy(pair => pair.Id).Take(50).ToArray()).ToArray();
        foreach (int queries in (int[])[1, 2, 5, most])
            if (queries <= most)
                Assert.Equal(expected[..queries], (lanes switch
                {
                    "512" => RowSearch.TopK<FixedLanes512>(blocks, dimension, q.AsSpan(0, queries * dimension), 50),
                    "256" => RowSearch.TopK<FixedLanes256>(blocks, dimension, q.AsSpan(0, queries * dimension), 50),
                    _ => RowSearch.TopK<FixedLanes128>(blocks, dimension, q.AsSpan(0, queries * dimension), 50),
                }).Select(Drained));

        float Score(int query, int row)
        {
            long sum = 0;
            for (int i = 0; i < dimension; i++) sum += q[query * dimension + i] * x[row * dimension + i];
            return sum / (float)(1 << 30);
        }
    }

    /// <summary>The largest sums there may be, of lengths whose product is just under 2.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void ScoresInFixedPointReachAlmostTwo(int dimension)
    {
        short value = (short)Math.Min(short.MaxValue, Math.Floor(Math.Sqrt((1L << 31) - 1) / Math.Sqrt(dimension)));
        short[] x = new short[3 * dimension];
        x.AsSpan(0, dimension).Fill(value);
        x.AsSpan(dimension, dimension).Fill((short)-value);
        var blocks = new[] { FixedBlock(x, dimension, 0, 3, []) };
        float most = (float)((long)value * value * dimension) / (1 << 30);
        foreach (int queries in (int[])[1, 4])
            Assert.All(RowSearch.TopK(blocks, dimension, [.. Enumerable.Repeat(value, queries * dimension)], 3),
                list => Assert.Equal([(most, 0), (0, 2), (-most, 1)], Drained(list)));
    }

    RowBlock FixedBlock(short[] x, int dimension, int begin, int end, HashSet<int> excluded)
    {
        int stride = RowSearch.StrideBytes(dimension, DType.Int16), count = end - begin;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(stride * count), 64);
        NativeMemory.Clear(memory, (nuint)(stride * count));
        _memory.Add((nint)memory);
        ulong[] mask = new ulong[(count + 63) / 64];
        for (int row = 0; row < count; row++)
        {
            if (excluded.Contains(begin + row)) mask[row / 64] |= 1UL << row % 64;
            x.AsSpan((begin + row) * dimension, dimension).CopyTo(new Span<short>(memory + (long)stride * row, dimension));
        }
        return new RowBlock((nint)memory, count, begin, mask);
    }

    /// <summary>Vectors of length 1, or a little less.</summary>
    static short[] FixedUnits(int seed, int count, int dimension)
    {
        float[] values = Values(seed, count * dimension);
        short[] units = new short[values.Length];
        for (int row = 0; row < count; row++)
        {
            double norm = 0;
            for (int i = 0; i < dimension; i++) norm += Math.Pow(values[row * dimension + i], 2);
            for (int i = 0; i < dimension; i++)
                units[row * dimension + i] = (short)(values[row * dimension + i] / Math.Sqrt(norm) * short.MaxValue);
        }
        return units;
    }

    /// <summary>Queries too large for the cache together pass over the rows in turn, panel by panel.</summary>
    [Theory]
    [InlineData("512", DType.Float32)]
    [InlineData("256", DType.BFloat16)]
    [InlineData("128", DType.Float32)]
    public void SeveralCachefulsOfQueriesFindWhatEachFindsAlone(string lanes, DType element)
    {
        const int dimension = 4100, queries = 9;
        float[] x = Values(10, 403 * dimension), q = Values(11, queries * dimension);
        var blocks = Blocks(x, dimension, element, Excluded(403), splitAt: 7);
        var alone = Enumerable.Range(0, queries)
            .Select(i => Search(lanes, blocks, element, dimension, q.AsSpan(i * dimension, dimension).ToArray(), 30)[0]).ToArray();
        Assert.Equal(alone, Search(lanes, blocks, element, dimension, q, 30));
    }

    /// <summary>Lists that are not full, hold NaN, or keep nothing: no score may be passed over that belongs into them.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(40)]
    public void ScoresThatAreNotNumbersRankBehindAllOthers(int k)
    {
        const int dimension = 16, rows = 40;
        float[] x = new float[rows * dimension], q = new float[5 * dimension];
        for (int row = 0; row < rows; row++) x[row * dimension] = row < 10 ? float.NaN : row % 7 - 3;
        for (int query = 0; query < 5; query++) q[query * dimension] = 1;
        long[] expected = [.. Enumerable.Range(0, rows).OrderByDescending(row => row < 10 ? float.NegativeInfinity : row % 7 - 3)
            .ThenBy(row => row).Take(k).Select(row => (long)row)];
        var blocks = Blocks(x, dimension, DType.Float32, [], splitAt: 15);
        foreach (string lanes in (string[])["512", "256", "128"])
            foreach (int queries in (int[])[1, 5])
                Assert.All(Search(lanes, blocks, DType.Float32, dimension, q[..(queries * dimension)], k),
                    hits => Assert.Equal(expected, hits.Select(pair => pair.Id)));
    }

    [Fact]
    public void PartsThatAreReadOneByOneAreFoundAsThoseInMemory()
    {
        const int dimension = 24;
        float[] x = Values(6, 900 * dimension), q = Values(7, 3 * dimension);
        var blocks = Blocks(x, dimension, DType.Float32, Excluded(900), splitAt: 300);
        var expected = RowSearch.TopK(blocks, DType.Float32, dimension, q, 30);
        var found = RowSearch.TopK(2, (part, search) => search(blocks[part]), DType.Float32, dimension, q, 30);
        Assert.Equal(expected.Select(Drained), found.Select(Drained));
        Assert.Throws<IOException>(() => RowSearch.TopK(2, (part, _) => throw new IOException($"{part}"), DType.Float32, dimension, q, 30));
    }

    static (float Score, long Id)[] Drained(TopKList list)
    {
        float[] scores = new float[list.Count];
        long[] ids = new long[list.Count];
        list.Drain(scores, ids);
        return scores.Zip(ids).ToArray();
    }

    /// <summary>Rows that cannot be read at all: whoever reads one ends the process.</summary>
    [Fact]
    public void ExcludedRowsAreNotRead()
    {
        const int dimension = 16, rows = 640;
        float[] x = Values(8, dimension), q = Values(9, 5 * dimension);
        var one = Blocks(x, dimension, DType.Float32, [], splitAt: 0)[1];
        ulong[] all = [.. Enumerable.Repeat(ulong.MaxValue, rows / 64)];
        all[0] = ulong.MaxValue - 1;
        RowBlock[] blocks =
        [
            one with { Count = rows, Excluded = all },
            new(1, rows, rows, [.. Enumerable.Repeat(ulong.MaxValue, rows / 64)]),
        ];
        foreach (int queries in (int[])[1, 5])
            Assert.All(RowSearch.TopK(blocks, DType.Float32, dimension, q.AsSpan(0, queries * dimension), 10),
                list => Assert.Equal(1, list.Count));
    }

    [Fact]
    public void EqualRowsAreFoundInTheOrderOfTheirIds()
    {
        float[] x = new float[3000 * 16];
        Array.Fill(x, 0.5f);
        var found = Search("256", Blocks(x, 16, DType.Float32, [], splitAt: 1000), DType.Float32, 16,
            Values(5, 16).Select(MathF.Abs).ToArray(), 10);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), found[0].Select(pair => pair.Id));
    }

    static (float Score, long Id)[][] Search(string lanes, IReadOnlyList<RowBlock> blocks, DType element, int dimension, float[] queries,
        int k)
    {
        var lists = lanes switch
        {
            "512" => RowSearch.TopK<DotLanes512>(blocks, element, dimension, queries, k),
            "256" => RowSearch.TopK<DotLanes256>(blocks, element, dimension, queries, k),
            _ => RowSearch.TopK<DotLanes128>(blocks, element, dimension, queries, k),
        };
        return [.. lists.Select(Drained)];
    }

    /// <summary>Two blocks whose ids continue, each row on a 64-byte boundary.</summary>
    RowBlock[] Blocks(float[] x, int dimension, DType element, HashSet<int> excluded, int splitAt)
    {
        int rows = x.Length / dimension;
        return [Block(0, splitAt), Block(splitAt, rows)];

        RowBlock Block(int begin, int end)
        {
            int stride = RowSearch.StrideBytes(dimension, element);
            byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(stride * Math.Max(1, end - begin)), 64);
            NativeMemory.Clear(memory, (nuint)(stride * Math.Max(1, end - begin)));
            _memory.Add((nint)memory);
            ulong[] mask = new ulong[(end - begin + 63) / 64];
            for (int row = begin; row < end; row++)
            {
                if (excluded.Contains(row)) mask[(row - begin) / 64] |= 1UL << ((row - begin) % 64);
                for (int i = 0; i < dimension; i++)
                    if (element == DType.Float32) ((float*)(memory + (long)stride * (row - begin)))[i] = x[row * dimension + i];
                    else ((BFloat16*)(memory + (long)stride * (row - begin)))[i] = (BFloat16)x[row * dimension + i];
            }
            return new RowBlock((nint)memory, end - begin, begin, mask);
        }
    }

    static HashSet<int> Excluded(int rows) => [.. Enumerable.Range(0, rows).Where(row => row % 7 == 3 || row is >= 100 and < 180)];

    static double Dot(float[] q, int query, float[] x, int row, int dimension)
    {
        double sum = 0;
        for (int i = 0; i < dimension; i++) sum += (double)q[query * dimension + i] * x[row * dimension + i];
        return sum;
    }

    static float[] Values(int seed, int count)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(random.NextDouble() * 2 - 1);
        return values;
    }
}
