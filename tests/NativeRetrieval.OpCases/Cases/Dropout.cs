using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Row-major numbering in two axes, channels-last in feature maps, the same mask in either layout.</summary>
/// <param name="first">Numbers of the stream before that of the first element, as a rank behind others has them.</param>
abstract class DropoutCase(bool featureMap, ulong first = 0) : OpCase
{
    const double Probability = 0.2;

    Philox Stream { get; } = new(5, 9) { First = first };

    public override string Op => nameof(Core.Ops.Op.Dropout);

    public override IEnumerable<string> Sizes => ["0", "7", "3x1001", "2x3x5x4", "2x16x3x5", "1x34x7x2"];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random) =>
        [Normal(random, Parse(size)) with { FeatureMap = featureMap && Parse(size).Length == 4 }];

    public override IEnumerable<string> ModelSizes => first > 0 ? [] : featureMap ? ["2x64x25x32"] : ["64x768"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 2 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Dropout(inputs[0], Probability, Stream);

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] shape = Parse(size);
        var y = new double[inputs[0].Length];
        for (int i = 0; i < y.Length; i++)
        {
            long number = i;
            if (shape is [_, int channels, int height, int width])
            {
                int plane = height * width, pixel = i % plane, c = i / plane % channels, n = i / plane / channels;
                number = ((long)n * plane + pixel) * channels + c;
            }
            y[i] = Stream.Uniform((ulong)number) < Probability ? 0 : inputs[0][i] / (1 - Probability);
        }
        return y;
    }
}

sealed class DropoutFeatureMapCase() : DropoutCase(featureMap: true);

sealed class DropoutRowMajorCase() : DropoutCase(featureMap: false);

sealed class DropoutFeatureMapOfLaterRankCase() : DropoutCase(featureMap: true, first: 2 * 64 * 25 * 32);

sealed class DropoutRowMajorOfLaterRankCase() : DropoutCase(featureMap: false, first: 4_000_000_007);
