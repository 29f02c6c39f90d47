using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class AddCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Add);

    public override IEnumerable<string> Sizes => ["0", "1", "33", "5x70000"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["64x768"];

    public override Cost Cost(string size, int element) =>
        new(3 * Count(size) * element, 0);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Add(inputs[0], inputs[1]);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Zip(inputs[1], (a, b) => a + b)];
}

/// <summary>The result is the target.</summary>
sealed class AddInPlaceCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.AddInPlace);

    public override IEnumerable<string> Sizes => ["0", "1", "33x3"];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, Parse(size))];

    public override Cost Cost(string size, int element) =>
        new(3 * Count(size) * element, null);

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        Core.Ops.Op.AddInPlace(inputs[0], inputs[1]);
        return inputs[0];
    }

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Zip(inputs[1], (a, b) => a + b)];
}
