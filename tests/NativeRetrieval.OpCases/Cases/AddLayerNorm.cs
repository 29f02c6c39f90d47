using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Rows of a pack's multiple, ragged ones, and ones that are wider than a warp holds.</summary>
/// <param name="first">Numbers of the stream before that of the first element.</param>
abstract class AddLayerNormCase(double probability, ulong first = 0) : OpCase
{
    const double Epsilon = 1e-12;

    Philox Stream { get; } = new(6, 2) { First = first };

    public override string Op => nameof(Core.Ops.Op.AddLayerNorm);

    public override IEnumerable<string> Sizes => ["0x4", "1x3", "2x3x33", "70x768", "3x2056", "5x1027", "2x3x1x1x7"];

    public override bool HasBFloat16 => true;

    /// <summary>Backward reads the sum as it was stored: a second rounding.</summary>
    public override Tolerance Tolerance => base.Tolerance with { BFloat16 = 4e-3 };

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int width = Parse(size)[^1];
        return [Normal(random, Parse(size)), Normal(random, Parse(size)), Uniform(random, 0.5, 1.5, width) with { Parameter = true },
            Normal(random, width) with { Parameter = true }];
    }

    public override IEnumerable<string> ModelSizes => first == 0 ? ["128x768"] : [];

    /// <summary>Forward also writes the sum, for backward.</summary>
    public override Cost Cost(string size, int element) =>
        new(4 * Count(size) * element, (probability > 0 ? 4 : 3) * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.AddLayerNorm(inputs[0], inputs[1], inputs[2], inputs[3], Epsilon, probability, Stream);

    public override double[] Reference(string size, double[][] inputs)
    {
        double[] sums = [.. inputs[0].Select((x, i) =>
            (Stream.Uniform((ulong)i) < probability ? 0 : x / (1 - probability)) + inputs[1][i])];
        return [.. sums.Chunk(Parse(size)[^1]).SelectMany(row =>
        {
            double mean = row.Average(), variance = row.Average(x => (x - mean) * (x - mean));
            return row.Select((x, i) => (x - mean) / Math.Sqrt(variance + Epsilon) * inputs[2][i] + inputs[3][i]);
        })];
    }
}

sealed class AddLayerNormWithoutDropoutCase() : AddLayerNormCase(0);

sealed class AddLayerNormWithDropoutCase() : AddLayerNormCase(0.2);

sealed class AddLayerNormOfLaterRankCase() : AddLayerNormCase(0.2, first: 5 * 33);
