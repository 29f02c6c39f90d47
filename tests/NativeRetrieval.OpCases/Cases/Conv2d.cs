using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x I x O x H x W x k.</summary>
sealed class Conv2dCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Conv2d);

    public override IEnumerable<string> Sizes =>
    [
        "0x1x2x3x3x3", "1x1x1x1x1x3", "2x1x19x6x5x3", "2x3x5x4x7x3", "1x16x16x9x8x3", "2x33x17x5x2x3", "3x20x40x2x1x3", "2x18x33x5x3x1",
        "1x16x32x13x64x3", "2x3x1x4x5x3", "1x32x40x9x6x3", "2x33x32x5x2x3", "2x1x19x7x6x5", "2x18x33x6x5x5", "1x20x16x1x2x5",
        "1x64x128x7x4x1",
    ];

    public override Tolerance Tolerance => new(Forward: 2e-6, Gradient: 1e-5);

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        if (Parse(size) is not [int n, int i, int o, int h, int w, int k]) throw new FormatException(size);
        return [Normal(random, n, i, h, w) with { FeatureMap = i > 1 }, Normal(random, o, i, k, k)];
    }

    public override Cost Cost(string size, int element)
    {
        if (Parse(size) is not [int n, int i, int o, int h, int w, int k]) throw new FormatException(size);
        long x = (long)n * i * h * w, y = (long)n * o * h * w, weights = (long)o * i * k * k;
        return new((x + y) * element + weights * sizeof(float), 2 * ((x + y) * element + weights * sizeof(float)), 2.0 * y * i * k * k);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Conv2d(inputs[0], inputs[1]);

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int i, int o, int h, int w, int k]) throw new FormatException(size);
        var y = new double[n * o * h * w];
        for (int at = 0; at < y.Length; at++)
        {
            int column = at % w, row = at / w % h, output = at / (w * h) % o, image = at / (w * h * o);
            for (int input = 0; input < i; input++)
                for (int a = 0; a < k; a++)
                    for (int b = 0; b < k; b++)
                    {
                        int r = row + a - k / 2, c = column + b - k / 2;
                        if (r < 0 || r >= h || c < 0 || c >= w) continue;
                        y[at] += inputs[0][((image * i + input) * h + r) * w + c] * inputs[1][((output * i + input) * k + a) * k + b];
                    }
        }
        return y;
    }
}
