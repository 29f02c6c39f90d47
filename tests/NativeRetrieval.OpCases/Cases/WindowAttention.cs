using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x H x W x heads x D x window x shift; the last one has more windows than the table sums in a step.</summary>
sealed class WindowAttentionCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.WindowAttention);

    public override IEnumerable<string> Sizes =>
        [
            "0x2x2x1x1x2x0", "1x1x1x1x1x1x0", "2x4x6x2x3x2x0", "2x4x6x2x3x2x1", "1x9x3x1x5x3x2", "1x8x16x3x24x8x4", "1x8x8x1x33x8x0",
            "2x12x6x2x8x6x5", "1x9x18x2x5x9x4", "3x2x2x1x8x2x0", "3x8x8x1x3x2x1",
        ];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] d = Parse(size);
        int places = 2 * d[5] - 1;
        return [Normal(random, d[0], d[1], d[2], 3 * d[3] * d[4]), Normal(random, places * places, d[3]) with { Parameter = true }];
    }

    public override IEnumerable<string> ModelSizes => ["1x16x16x4x24x8x0", "1x8x8x32x24x8x0"];

    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        long y = (long)d[0] * d[1] * d[2] * d[3] * d[4];
        long table = (2L * d[5] - 1) * (2 * d[5] - 1) * d[3] * sizeof(float);
        return new(4 * y * element + table, 7 * y * element + 2 * table, 4.0 * y * d[5] * d[5]);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int[] d = Parse(size);
        return Core.Ops.Op.WindowAttention(inputs[0], inputs[1], d[3], d[5], d[6]);
    }

    /// <summary>Roll, cut, attend, roll back, token by token: regions are numbered on the rolled grid, as Swin does.</summary>
    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int height, int width, int heads, int depth, int window, int shift]) throw new FormatException(size);
        double[] qkv = inputs[0], table = inputs[1], y = new double[n * height * width * heads * depth];
        for (int image = 0; image < n; image++)
            for (int r = 0; r < height; r++)
                for (int c = 0; c < width; c++)
                    for (int head = 0; head < heads; head++)
                    {
                        var keys = (from i in Enumerable.Range(r / window * window, window)
                                    from j in Enumerable.Range(c / window * window, window) select (Row: i, Column: j)).ToArray();
                        double[] weights = Formulas.Softmax(keys.Select(key =>
                            Enumerable.Range(0, depth).Sum(d => Value(0, r, c, d) * Value(1, key.Row, key.Column, d)) / Math.Sqrt(depth)
                            + table[((r - key.Row + window - 1) * (2 * window - 1) + (c - key.Column + window - 1)) * heads + head]
                            + (Region(r, c) == Region(key.Row, key.Column) ? 0 : -100)));
                        for (int d = 0; d < depth; d++)
                            y[Pixel(r, c) * heads * depth + head * depth + d] =
                                keys.Select((key, k) => weights[k] * Value(2, key.Row, key.Column, d)).Sum();

                        double Value(int part, int row, int column, int d) =>
                            qkv[(Pixel(row, column) * 3 + part) * heads * depth + head * depth + d];
                        int Pixel(int row, int column) => (image * height + (row + shift) % height) * width + (column + shift) % width;
                    }
        return y;

        int Region(int row, int column) => 3 * Part(row, height) + Part(column, width);
        int Part(int at, int length) => shift == 0 || at < length - window ? 0 : at < length - shift ? 1 : 2;
    }
}
