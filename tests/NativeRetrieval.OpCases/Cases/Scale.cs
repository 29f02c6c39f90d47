using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class ScaleCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Scale);

    public override IEnumerable<string> Sizes => ["0", "1", "33x3"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["64x1024"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 2 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Scale(inputs[0], -0.75);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Select(x => -0.75 * x)];
}

/// <summary>The factor is on the device.</summary>
sealed class ScaleByCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.ScaleBy);

    public override IEnumerable<string> Sizes => ["0", "1", "33x3"];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Uniform(random, -2, 2, 1)];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, null);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.ScaleBy(inputs[0], inputs[1]);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Select(x => inputs[1][0] * x)];
}
