using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

abstract class MaskFramesCase(bool featureMap) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.MaskFrames);

    public override IEnumerable<string> Sizes => ["0x1x2x2", "3x2x5x4", "4x19x6x3"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)) with { FeatureMap = featureMap }];

    public override IEnumerable<string> ModelSizes => featureMap ? ["2x64x50x64"] : [];

    /// <summary>Half of the frames are cut off on average, and need not be read.</summary>
    public override Cost Cost(string size, int element)
    {
        long kept = Lengths(size).Sum(length => (long)length) * Parse(size)[1] * Parse(size)[3];
        return new((Count(size) + kept) * element, (Count(size) + kept) * element);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.MaskFrames(inputs[0], Tensor.From(Lengths(size), [Parse(size)[0]], device));

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] s = Parse(size);
        return [.. inputs[0].Select((x, i) => i / s[3] % s[2] < Lengths(size)[i / (s[1] * s[2] * s[3])] ? x : 0)];
    }

    /// <summary>From nothing to everything.</summary>
    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Min(2 * clip, Parse(size)[2]))];
}

sealed class MaskFramesPlainCase() : MaskFramesCase(featureMap: false);

sealed class MaskFramesBlockedCase() : MaskFramesCase(featureMap: true);
