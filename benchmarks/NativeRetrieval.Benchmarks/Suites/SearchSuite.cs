using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.PeerProtocol;
using System.Runtime.InteropServices;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>The ten best of all rows by dot product, for one query and for several at once. The peer multiplies and then selects.</summary>
internal static class SearchSuite
{
    const int Rows = 100_000, Dimension = 1024, Top = 10;

    public static IEnumerable<Row> Run(Bench bench)
    {
        float[] rows = Bench.Values((long)Rows * Dimension);
        return [.. ((int[])[1, 16]).Select(queries => One(bench.WithAtMost(11), rows, queries))];
    }

    static unsafe Row One(Bench bench, float[] rows, int queryCount)
    {
        float[] queries = [.. Bench.Values((long)queryCount * Dimension).Select(value => value / Dimension)];
        var peer = bench.Open("search", () => PeerModels.Get($"search-{Rows}x{Dimension}", path => Save(path, rows)),
            [PeerInput.Of("queries", queries, queryCount, Dimension)],
            () => [PeerInput.Of("rows", rows, Rows, Dimension), PeerInput.Of("top", [(long)Top])]);
        float* aligned = (float*)NativeMemory.AlignedAlloc((nuint)rows.Length * sizeof(float), 64);
        try
        {
            rows.CopyTo(new Span<float>(aligned, rows.Length));
            RowBlock[] blocks = [new((nint)aligned, Rows, FirstId: 0, Excluded: [])];
            Bench.ExpectSame($"search for {queryCount}", peer, Scores(RowSearch.TopK(blocks, DType.Float32, Dimension, queries, Top)));
            var (ours, theirs) = bench.Measure(() => RowSearch.TopK(blocks, DType.Float32, Dimension, queries, Top), peer);
            return new Row("search", $"{queryCount} of {Rows:N0} x {Dimension}, float32", ours, theirs,
                Gigabytes: (double)rows.Length * sizeof(float) / 1e9);
        }
        finally
        {
            NativeMemory.AlignedFree(aligned);
        }
    }

    static float[] Scores(TopKList[] lists)
    {
        float[] scores = new float[lists.Length * Top];
        for (int i = 0; i < lists.Length; i++) lists[i].Drain(scores.AsSpan(i * Top, Top), new long[Top]);
        return scores;
    }

    static void Save(string path, float[] rows)
    {
        float[] columns = new float[rows.Length];
        for (int row = 0; row < Rows; row++)
            for (int i = 0; i < Dimension; i++) columns[(long)i * Rows + row] = rows[(long)row * Dimension + i];
        var graph = new OnnxGraph("search");
        graph.Input("queries", integers: false, "count", Dimension);
        graph.Constant("rows", columns, Dimension, Rows);
        string scores = graph.Node("MatMul", ["queries", "rows"]);
        graph.Several(["best", "ids"], "TopK", [scores, graph.Constant("top", (long)Top)], ("axis", 1L), ("sorted", 1L));
        graph.Output("best", "count", Top);
        graph.Save(path);
    }
}
