using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class SumCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Sum);

    public override IEnumerable<string> Sizes => ["0", "1", "33x3", "100001"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Uniform(random, 0, 1, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["200000"];

    public override Cost Cost(string size, int element) =>
        new(Count(size) * element, null);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Sum(inputs[0]);

    public override double[] Reference(string size, double[][] inputs) => [inputs[0].Sum()];
}
