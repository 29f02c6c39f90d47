using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <param name="first">Numbers of the stream before those of the first clip.</param>
abstract class SpecAugmentCase(ulong first) : OpCase
{
    static readonly SpecAugmentOptions Options = new(TimeStripes: 2, TimeWidthFrames: 6, MelStripes: 1, MelWidthBins: 4);

    Philox Stream { get; } = new(3, 1) { First = first };

    public override string Op => nameof(Core.Ops.Op.SpecAugment);

    public override IEnumerable<string> Sizes => ["0x1x4x4", "3x1x20x8", "2x1x1x1"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => first == 0 ? ["2x1x1001x64"] : [];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 2 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.SpecAugment(inputs[0], Tensor.From(Lengths(size), [Parse(size)[0]], device), Options, Stream);

    public override double[] Reference(string size, double[][] inputs)
    {
        int frames = Parse(size)[2], bins = Parse(size)[3];
        double[] y = [.. inputs[0]];
        for (int clip = 0; clip < Parse(size)[0]; clip++)
        {
            var numbers = new PhiloxSequence(Stream, (ulong)clip * 6);
            int own = Lengths(size)[clip];
            for (int stripe = 0; stripe < 3; stripe++)
            {
                int extent = stripe < 2 ? own : bins, width = Math.Min(numbers.NextBelow(stripe < 2 ? 6 : 4), extent);
                int start = numbers.NextBelow(Math.Max(1, extent - width));
                for (int frame = 0; frame < own; frame++)
                    for (int bin = 0; bin < bins; bin++)
                        if ((stripe < 2 ? frame : bin) is var at && at >= start && at < start + width)
                            y[(clip * frames + frame) * bins + bin] = 0;
            }
        }
        return y;
    }

    /// <summary>The last clip is one frame shorter than the batch where it can be.</summary>
    static int[] Lengths(string size) =>
        [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Max(1, Parse(size)[2] - (clip == Parse(size)[0] - 1 ? 1 : 0)))];
}

sealed class SpecAugmentWholeBatchCase() : SpecAugmentCase(first: 0);

sealed class SpecAugmentOfLaterRankCase() : SpecAugmentCase(first: 7 * 6);
