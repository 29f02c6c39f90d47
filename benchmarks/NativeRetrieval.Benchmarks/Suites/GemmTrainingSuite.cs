using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// A linear layer's training step on rows × inputs → outputs: Y = X·Wᵀ, dX = dY·W, dW = dYᵀ·X. Weights change from step to step, so
/// packing counts. ONNX Runtime does not train; the inference suite has it.
/// </summary>
internal static class GemmTrainingSuite
{
    static readonly (int Rows, int Inputs, int Outputs)[] _layers =
        [(1024, 768, 768), (1024, 768, 3072), (1024, 3072, 768), (32, 768, 768), (32, 2048, 2048)];

    public static IEnumerable<Row> Run(Bench bench) => _layers.SelectMany(layer => Layer(bench, layer.Rows, layer.Inputs, layer.Outputs));

    static List<Row> Layer(Bench bench, int rows, int inputs, int outputs)
    {
        using Tensor x = Random(rows, inputs), w = Random(outputs, inputs), dy = Random(rows, outputs);
        return
        [
            One("Y = X Wt", "gemm-transposed-b", x, w, () => Op.MatMul(x, w, transposeB: true)),
            One("dX = dY W", "gemm", dy, w, () => Op.MatMul(dy, w)),
            One("dW = dYt X", "gemm-transposed-a", dy, x, () => Op.MatMul(dy, x, transposeA: true)),
        ];

        Row One(string product, string workload, Tensor a, Tensor b, Func<Tensor> run)
        {
            var peer = bench.Open(workload, model: null, [Matrix("a", a), Matrix("b", b)], () => []);
            using (var c = run()) Bench.ExpectSame(product, peer, c.ToArray<float>());
            var (ours, theirs, cores) = bench.Measure(() => run().Dispose(), peer);
            return new("gemm-training", $"{product}, {rows} rows, {inputs} -> {outputs}", ours, theirs,
                Gigaflop: 2.0 * rows * inputs * outputs / 1e9, Cores: cores);
        }
    }

    static PeerInput Matrix(string name, Tensor x) => PeerInput.Of(name, x.ToArray<float>(), x.Shape[0], x.Shape[1]);

    static Tensor Random(int rows, int columns) => Tensor.From(Bench.Values((long)rows * columns), [rows, columns], CpuDevice.Shared);
}
