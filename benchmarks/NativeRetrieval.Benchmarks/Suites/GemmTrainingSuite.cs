using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Core.Cpu.Gemm;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// A linear layer's training step on rows × inputs → outputs: Y = X·Wᵀ, dX = dY·W, dW = dYᵀ·X. Weights change from step to step, so packing counts.
/// No peer: the inference suite has it.
/// </summary>
internal static unsafe class GemmTrainingSuite
{
    static readonly (int Rows, int Inputs, int Outputs)[] _layers = [(1024, 768, 768), (1024, 768, 3072), (1024, 3072, 768), (32, 768, 768), (32, 2048, 2048)];

    public static IEnumerable<Row> Run(Bench bench) => _layers.SelectMany(layer => Layer(bench, layer.Rows, layer.Inputs, layer.Outputs));

    static List<Row> Layer(Bench bench, int rows, int inputs, int outputs)
    {
        float[] x = Bench.Values((long)rows * inputs), w = Bench.Values((long)outputs * inputs), y = Bench.Values((long)rows * outputs);
        fixed (float* px = x, pw = w, py = y)
        {
            MatrixView<float> viewX = new(px, inputs), viewW = new(pw, inputs), viewY = new(py, outputs);
            nint addressX = (nint)px, addressW = (nint)pw, addressY = (nint)py;
            return
            [
                One("Y = X Wt", () => Sgemm.Run(rows, outputs, inputs, viewX, viewW.Transposed, (float*)addressY, outputs)),
                One("dX = dY W", () => Sgemm.Run(rows, inputs, outputs, viewY, viewW, (float*)addressX, inputs)),
                One("dW = dYt X", () => Sgemm.Run(outputs, inputs, rows, viewY.Transposed, viewX, (float*)addressW, inputs)),
            ];
        }

        Row One(string product, Action run) => new("gemm-training", $"{product}, {rows} rows, {inputs} -> {outputs}", bench.Measure(run, peer: null).OursMs,
            PeerMs: null, Gigaflop: 2.0 * rows * inputs * outputs / 1e9);
    }
}
