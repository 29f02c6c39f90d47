using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.PeerProtocol;

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

    static Row One(Bench bench, float[] rows, int queryCount)
    {
        float[] queries = [.. Bench.Values((long)queryCount * Dimension).Select(value => value / Dimension)];
        var peer = bench.Open("search", () => PeerModels.Get($"search-{Rows}x{Dimension}", path => Save(path, rows)),
            [PeerInput.Of("queries", queries, queryCount, Dimension)],
            () => [PeerInput.Of("rows", rows, Rows, Dimension), PeerInput.Of("top", [(long)Top])]);
        // In a device's memory as in an index's, rows lie in large pages.
        using Tensor stored = Tensor.From(rows, [Rows, Dimension], CpuDevice.Shared),
            asked = Tensor.From(queries, [queryCount, Dimension], CpuDevice.Shared);
        using (var scope = TensorScope.Begin())
            Bench.ExpectSame($"search for {queryCount}", peer, Op.SearchRows(stored, asked, Top).Scores.ToArray<float>());
        var (ours, theirs, cores) = bench.Measure(Search, peer);
        return new Row("search", $"{queryCount} of {Rows:N0} x {Dimension}, float32", ours, theirs,
            2e-9 * queryCount * rows.Length, (double)rows.Length * sizeof(float) / 1e9, Cores: cores);

        void Search()
        {
            using var scope = TensorScope.Begin();
            Op.SearchRows(stored, asked, Top);
        }
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
