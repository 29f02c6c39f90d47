using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x H x W x C.</summary>
sealed class MergePatchesCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.MergePatches);

    public override IEnumerable<string> Sizes => ["0x2x2x3", "1x2x2x1", "2x4x6x3", "3x6x2x33", "2x2x4x24"];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["2x32x32x96"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 2 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.MergePatches(inputs[0]);

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int height, int width, int channels]) throw new FormatException(size);
        var y = new List<double>();
        for (int image = 0; image < n; image++)
            for (int row = 0; row < height; row += 2)
                for (int column = 0; column < width; column += 2)
                    foreach (var (down, right) in new[] { (0, 0), (1, 0), (0, 1), (1, 1) })
                        for (int c = 0; c < channels; c++)
                            y.Add(inputs[0][((image * height + row + down) * width + column + right) * channels + c]);
        return [.. y];
    }
}
