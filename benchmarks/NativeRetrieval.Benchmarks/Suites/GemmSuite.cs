using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Parity;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// C[m, n] = A[m, k] · B[k, n] with constant B, which both sides arrange beforehand: ours by <see cref="Tensor.TryArrange"/>.
/// </summary>
internal static class GemmSuite
{
    static readonly (int M, int N, int K)[] _shapes =
        [(2048, 2048, 2048), (1024, 768, 768), (1024, 3072, 768), (1024, 768, 3072),
            (32, 768, 768), (32, 3072, 768), (32, 768, 3072), (4, 2048, 2048)];

    public static IEnumerable<Row> Run(Bench bench) => _shapes.Select(shape => One(bench, shape.M, shape.N, shape.K));

    static Row One(Bench bench, int m, int n, int k)
    {
        float[] a = Bench.Values((long)m * k), b = FormulaWeights.Of("gemm.weight", k, n);
        string Model() => PeerModels.Get($"gemm-{n}x{k}", path =>
        {
            var graph = new OnnxGraph("gemm");
            graph.Input("a", integers: false, "m", k);
            graph.Constant("b", b, k, n);
            graph.Output(graph.Named("c", "MatMul", ["a", "b"]), "m", n);
            graph.Save(path);
        });
        var peer = bench.Open("gemm", Model, [PeerInput.Of("a", a, m, k)], () => [PeerInput.Of("b", b, k, n)]);
        using var x = Tensor.From(a, [m, k], CpuDevice.Shared);
        using var weight = Tensor.From(Transposed(b, k, n), [n, k], CpuDevice.Shared);
        weight.TryArrange();
        using (var c = Op.Linear(x, weight)) Bench.ExpectSame($"gemm {m} x {n} x {k}", peer, c.ToArray<float>());
        var (ours, theirs, cores) = bench.Measure(() => Op.Linear(x, weight).Dispose(), peer);
        return new Row("gemm", $"{m} x {n} x {k} (m n k)", ours, theirs, Gigaflop: 2.0 * m * n * k / 1e9, Cores: cores);
    }

    static float[] Transposed(float[] values, int rows, int columns)
    {
        float[] transposed = new float[values.Length];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) transposed[column * rows + row] = values[row * columns + column];
        return transposed;
    }
}
