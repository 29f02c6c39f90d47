using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>C[m, n] = A[m, k] · B[k, n] with constant B, which both sides may pack beforehand.</summary>
internal static class GemmSuite
{
    static readonly (int M, int N, int K)[] _shapes =
        [(2048, 2048, 2048), (1024, 768, 768), (1024, 3072, 768), (1024, 768, 3072), (32, 768, 768), (32, 3072, 768), (32, 768, 3072), (4, 2048, 2048)];

    public static IEnumerable<Row> Run(Bench bench) => _shapes.Select(shape => One(bench, shape.M, shape.N, shape.K));

    static unsafe Row One(Bench bench, int m, int n, int k)
    {
        float[] a = Bench.Values((long)m * k), b = FormulaWeights.Of("gemm.weight", k, n), c = new float[(long)m * n];
        string model = PeerModels.Get($"gemm-{n}x{k}", path =>
        {
            var graph = new OnnxGraph("gemm");
            graph.Input("a", integers: false, "m", k);
            graph.Constant("b", b, k, n);
            graph.Output(graph.Named("c", "MatMul", ["a", "b"]), "m", n);
            graph.Save(path);
        });
        var peer = bench.Ort?.Open(model, PeerInput.Of("a", a, m, k));
        fixed (float* pa = a, pb = b, pc = c)
        {
            using var packed = new PackedWeights(k, n, new MatrixView<float>(pb, n));
            nint left = (nint)pa, result = (nint)pc;
            void Ours() => Sgemm.Run(m, new MatrixView<float>((float*)left, k), packed, (float*)result, n);
            Ours();
            bench.ExpectSame($"gemm {m} x {n} x {k}", c);
            var (ours, theirs) = bench.Measure(Ours, peer);
            return new Row("gemm", $"{m} x {n} x {k} (m n k)", ours, theirs, Gigaflop: 2.0 * m * n * k / 1e9);
        }
    }
}
