using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x C x H x W x window height x window width.</summary>
abstract class Pool2dCase(string op, Func<Tensor, int, int, Tensor> pool, Func<IEnumerable<double>, double> formula, bool featureMap,
    bool needsInput = false)
    : OpCase
{
    public override string Op => op;

    public override IEnumerable<string> Sizes => ["0x2x4x4x2x2", "1x1x2x2x2x2", "2x5x5x7x2x2", "1x33x9x4x3x1", "2x16x1x3x2x2"];

    public override Input[] Inputs(string size, PhiloxSequence random) =>
        [Normal(random, Parse(size)[..4]) with { FeatureMap = featureMap }];

    public override IEnumerable<string> ModelSizes => featureMap ? ["2x64x40x64x2x2", "2x1024x6x4x2x2"] : [];

    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        long x = Count(size, 4), y = x / (d[2] * d[3]) * (d[2] / d[4]) * (d[3] / d[5]);
        return new((x + y) * element, (x + y + (needsInput ? x : 0)) * element);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) => pool(inputs[0], Parse(size)[4], Parse(size)[5]);

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int c, int h, int w, int height, int width]) throw new FormatException(size);
        var y = new List<double>();
        for (int plane = 0; plane < n * c; plane++)
            for (int row = 0; row < h / height; row++)
                for (int column = 0; column < w / width; column++)
                {
                    var window = Enumerable.Range(0, height * width)
                        .Select(k => inputs[0][(plane * h + row * height + k / width) * w + column * width + k % width]);
                    y.Add(formula(window));
                }
        return [.. y];
    }
}

sealed class AvgPool2dCase() : Pool2dCase(nameof(Core.Ops.Op.AvgPool2d), Core.Ops.Op.AvgPool2d, Enumerable.Average, featureMap: false);

sealed class AvgPool2dBlockedCase()
    : Pool2dCase(nameof(Core.Ops.Op.AvgPool2d), Core.Ops.Op.AvgPool2d, Enumerable.Average, featureMap: true);
