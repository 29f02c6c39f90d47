using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are M x K x N.</summary>
abstract class MatMulCase(bool transposeA, bool transposeB) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.MatMul);

    public override IEnumerable<string> Sizes => ["0x3x2", "3x0x2", "1x1x1", "5x7x3", "33x300x70"];

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        var (m, k, n) = Dimensions(size);
        return [Normal(random, transposeA ? [k, m] : [m, k]), Normal(random, transposeB ? [n, k] : [k, n])];
    }

    public override Cost Cost(string size, int element)
    {
        var (m, k, n) = Dimensions(size);
        long bytes = ((long)m * k + (long)k * n + (long)m * n) * element;
        return new(bytes, 2 * bytes, 2.0 * m * k * n);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.MatMul(inputs[0], inputs[1], transposeA, transposeB);

    public override double[] Reference(string size, double[][] inputs)
    {
        var (m, k, n) = Dimensions(size);
        var c = new double[m * n];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
                for (int p = 0; p < k; p++)
                    c[i * n + j] += inputs[0][transposeA ? p * m + i : i * k + p] * inputs[1][transposeB ? j * k + p : p * n + j];
        return c;
    }

    static (int M, int K, int N) Dimensions(string size) =>
        Parse(size) is [int m, int k, int n] ? (m, k, n) : throw new FormatException(size);
}

sealed class MatMulPlainCase() : MatMulCase(false, false);

sealed class MatMulTransposedACase() : MatMulCase(true, false);

sealed class MatMulTransposedBCase() : MatMulCase(false, true);

sealed class MatMulTransposedBothCase() : MatMulCase(true, true);
