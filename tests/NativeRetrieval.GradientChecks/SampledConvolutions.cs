using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.GradientChecks;

/// <summary>
/// Convolutions of any size by every algorithm that may be taken, in all three directions: rows that are spread over each result are held
/// to their sums in float64.
/// </summary>
internal sealed class SampledConvolutions(string model, Device device, Precision precision)
{
    /// <summary>Rows of the last axis of a result.</summary>
    const int Rows = 192;

    readonly List<OperationError> _found = [];
    readonly EveryWay _ways = new(device);

    public IReadOnlyList<OperationError> Found => _found;

    /// <param name="maps">[N, I, H, W].</param>
    /// <param name="filters">[O, I, k, k].</param>
    public void Check(Shape maps, Shape filters)
    {
        using var scope = TensorScope.Begin();
        Operand x = new(maps, 1, device.Activations, device, device.FeatureMaps);
        Operand w = new(filters, 2, DType.Float32, device, device.Filters);
        Operand dy = new([maps[0], filters[0], maps[2], maps[3]], 3, device.Activations, device, device.FeatureMaps);
        int border = filters[2] / 2;
        Check(nameof(IBackend.Conv2d), x.Tensor, w.Tensor, Tensor.EmptyLike(dy.Tensor), (n, o, h, column) =>
        {
            double sum = 0;
            for (int i = 0; i < maps[1]; i++)
                for (int a = 0; a < filters[2]; a++)
                    for (int b = 0; b < filters[3]; b++) sum += x.At(n, i, h + a - border, column + b - border) * w.At(o, i, a, b);
            return sum;
        });
        Check(nameof(IBackend.Conv2dInputGradient), dy.Tensor, w.Tensor, Tensor.EmptyLike(x.Tensor), (n, i, h, column) =>
        {
            double sum = 0;
            for (int o = 0; o < filters[0]; o++)
                for (int a = 0; a < filters[2]; a++)
                    for (int b = 0; b < filters[3]; b++) sum += dy.At(n, o, h - a + border, column - b + border) * w.At(o, i, a, b);
            return sum;
        });
        Check(nameof(IBackend.Conv2dFilterGradient), dy.Tensor, x.Tensor, Tensor.EmptyLike(w.Tensor), (o, i, a, b) =>
        {
            double sum = 0;
            for (int n = 0; n < maps[0]; n++)
                for (int h = 0; h < maps[2]; h++)
                    for (int column = 0; column < maps[3]; column++)
                        sum += dy.At(n, o, h, column) * x.At(n, i, h + a - border, column + b - border);
            return sum;
        });
    }

    void Check(string operation, Tensor first, Tensor second, Tensor result, Func<int, int, int, int, double> exact)
    {
        var call = new OperationCall(typeof(IBackend).GetMethod(operation)!, [first, second, result], device.Backend);
        var shape = result.Shape;
        int count = shape[0] * shape[1] * shape[2], width = shape[3];
        // The first and the last one, where borders are, and others.
        int[] rows = [.. Enumerable.Range(0, Math.Min(Rows, count)).Select(i => count <= Rows ? i : i == 0 ? 0 : i == 1 ? count - 1
            : (int)(Operand.Bits(4, i) % (ulong)count))];
        double[] expected = new double[rows.Length * width];
        Parallel.For(0, expected.Length, i =>
        {
            int row = rows[i / width];
            expected[i] = exact(row / (shape[1] * shape[2]), row / shape[2] % shape[1], row % shape[2], i % width);
        });
        double bound = Bounds.Of(precision, call, [first.DType, second.DType, result.DType], output: 2);
        foreach (var run in _ways.Run(operation, () => call.Run(), () => [Read(result, rows)]))
            _found.Add(new(model, operation, call.Shapes, call.Names[^1], run.Algorithm, run.Deterministic, run.Moves, run.Milliseconds,
                RelativeError.Of(expected, run.Values[0]!), bound, 0, 0, 0));
    }

    double[] Read(Tensor tensor, int[] rows)
    {
        using var scope = TensorScope.Begin();
        if (tensor.DType == DType.BFloat16) tensor = Op.Cast(tensor, DType.Float32);
        if (tensor.Layout != Layout.Contiguous) tensor = Op.ToLayout(tensor, Layout.Contiguous);
        int width = tensor.Shape[3];
        float[] values = new float[rows.Length * width];
        for (int i = 0; i < rows.Length; i++)
            device.CopyOut(tensor.Address + (nint)rows[i] * width * sizeof(float), MemoryMarshal.AsBytes(values.AsSpan(i * width, width)));
        return Array.ConvertAll(values, value => (double)value);
    }

    /// <summary>Numbers between −1 and 1 on the host and on the device.</summary>
    sealed class Operand
    {
        readonly double[] _values;
        readonly Shape _shape;

        public Operand(Shape shape, ulong stream, DType stored, Device device, Layout layout)
        {
            double[] values = new double[shape.Count];
            Parallel.For(0, shape[0] * shape[1], plane =>
            {
                int size = shape[2] * shape[3];
                for (long i = (long)plane * size; i < (plane + 1L) * size; i++)
                    values[i] = (float)((Bits(stream, i) >> 40) * (2.0 / (1 << 24)) - 1);
            });
            (_shape, _values) = (shape, HostTensor.Rounded(values, stored));
            Tensor = HostTensor.Write(_values, shape, device, stored, layout);
        }

        public Tensor Tensor { get; }

        /// <summary>Zero outside of a plane.</summary>
        public double At(int a, int b, int row, int column) =>
            (uint)row < (uint)_shape[2] && (uint)column < (uint)_shape[3]
                ? _values[(((long)a * _shape[1] + b) * _shape[2] + row) * _shape[3] + column] : 0;

        /// <summary>Bits that look random (SplitMix64).</summary>
        public static ulong Bits(ulong stream, long i)
        {
            ulong z = (ulong)i * 0x9E3779B97F4A7C15 + (stream << 32);
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
