using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>The result is the target.</summary>
sealed class MoveTowardsCase : OpCase
{
    const double Share = 0.125;

    public override string Op => nameof(Core.Ops.Op.MoveTowards);

    public override IEnumerable<string> Sizes => ["0", "1", "33x3", "40001"];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["200000"];

    public override Cost Cost(string size, int element) =>
        new(3 * Count(size) * element, null);

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        Core.Ops.Op.MoveTowards(inputs[0], inputs[1], Share);
        return inputs[0];
    }

    public override double[] Reference(string size, double[][] inputs) =>
        [.. inputs[0].Zip(inputs[1], (target, goal) => target + Share * (goal - target))];
}
