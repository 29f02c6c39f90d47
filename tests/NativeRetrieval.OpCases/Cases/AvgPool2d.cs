using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x C x H x W x window height x window width.</summary>
abstract class Pool2dCase(string op, Func<Tensor, int, int, Tensor> pool, Func<IEnumerable<double>, double> formula, bool featureMap)
    : OpCase
{
    public override string Op => op;

    public override IEnumerable<string> Sizes => ["0x2x4x4x2x2", "1x1x2x2x2x2", "2x5x5x7x2x2", "1x33x9x4x3x1", "2x16x1x3x2x2"];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random) =>
        [Normal(random, Parse(size)[..4]) with { FeatureMap = featureMap }];

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

sealed class AvgPool2dCase() : Pool2dCase(nameof(Core.Ops.Op.AvgPool2d), (x, h, w) => Core.Ops.Op.AvgPool2d(x, h, w), Enumerable.Average,
    featureMap: false);

sealed class AvgPool2dBlockedCase() : Pool2dCase(nameof(Core.Ops.Op.AvgPool2d), (x, h, w) => Core.Ops.Op.AvgPool2d(x, h, w),
    Enumerable.Average, featureMap: true);

/// <summary>Sizes as those of the others; clip n lacks n of its frames, so that a window straddles its end.</summary>
abstract class AvgPool2dOwnLengthCase(bool featureMap) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.AvgPool2d);

    public override IEnumerable<string> Sizes => ["4x3x5x4x2x2", "3x16x7x3x3x1", "3x8x4x4x1x1"];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random) =>
        [Normal(random, Parse(size)[..4]) with { FeatureMap = featureMap }];

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.AvgPool2d(inputs[0], Parse(size)[4], Parse(size)[5], Tensor.From(Lengths(size), [Parse(size)[0]], device));

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int c, int h, int w, int height, int width]) throw new FormatException(size);
        return [.. from plane in Enumerable.Range(0, n * c)
                   from row in Enumerable.Range(0, h / height)
                   from column in Enumerable.Range(0, w / width)
                   let window = Enumerable.Range(0, height * width)
                       .Select(k => inputs[0][(plane * h + row * height + k / width) * w + column * width + k % width])
                   select (row + 1) * height <= Lengths(size)[plane / c] ? window.Average() : 0];
    }

    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Parse(size)[2] - clip)];
}

sealed class AvgPool2dOwnLengthPlainCase() : AvgPool2dOwnLengthCase(featureMap: false);

sealed class AvgPool2dOwnLengthBlockedCase() : AvgPool2dOwnLengthCase(featureMap: true);
