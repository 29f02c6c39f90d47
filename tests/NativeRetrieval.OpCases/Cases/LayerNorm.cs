using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>The mean is a few deviations away from 0, as in a trained model.</summary>
sealed class LayerNormCase : OpCase
{
    const double Epsilon = 1e-12;

    public override string Op => nameof(Core.Ops.Op.LayerNorm);

    public override IEnumerable<string> Sizes => ["0x4", "1x3", "2x3x33", "70x768"];

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int width = Parse(size)[^1];
        return [Uniform(random, 1, 4, Parse(size)), Uniform(random, 0.5, 1.5, width), Normal(random, width)];
    }

    public override IEnumerable<string> ModelSizes => ["128x768"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 3 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.LayerNorm(inputs[0], inputs[1], inputs[2], Epsilon);

    public override double[] Reference(string size, double[][] inputs) =>
        [.. inputs[0].Chunk(Parse(size)[^1]).SelectMany(row =>
        {
            double mean = row.Average(), variance = row.Average(x => (x - mean) * (x - mean));
            return row.Select((x, i) => (x - mean) / Math.Sqrt(variance + Epsilon) * inputs[1][i] + inputs[2][i]);
        })];
}
