using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>The input only tells the precision.</summary>
sealed class FullCase : OpCase
{
    const double Value = -0.75;

    public override string Op => nameof(Core.Ops.Op.Full);

    public override IEnumerable<string> Sizes => ["0", "1", "33x3", "40001"];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, 1)];

    public override IEnumerable<string> ModelSizes => ["200000"];

    public override Cost Cost(string size, int element) =>
        new(Count(size) * element, null);

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.Full(Parse(size), Value, device, inputs[0].DType);

    public override double[] Reference(string size, double[][] inputs) => [.. Enumerable.Repeat(Value, (int)((Shape)Parse(size)).Count)];
}
