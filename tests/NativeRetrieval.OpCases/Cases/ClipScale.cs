using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Scale and norm: without a limit, and with one below the norm.</summary>
sealed class ClipScaleCase : OpCase
{
    const double Limit = 0.25, Epsilon = 1e-6;

    public override string Op => nameof(Core.Ops.Op.ClipScale);

    public override IEnumerable<string> Sizes => ["0", "1", "3x50000"];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, 3)];

    public override IEnumerable<string> ModelSizes => ["3x50000"];

    /// <summary>The case takes the scale twice.</summary>
    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * sizeof(float), null);

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.Concat(Core.Ops.Op.ClipScale(inputs), Core.Ops.Op.ClipScale(inputs, Limit, Epsilon));

    public override double[] Reference(string size, double[][] inputs)
    {
        double norm = Math.Sqrt(inputs.SelectMany(x => x).Sum(x => x * x));
        return [1, norm, Math.Min(1, Limit / (norm + Epsilon)), norm];
    }
}
