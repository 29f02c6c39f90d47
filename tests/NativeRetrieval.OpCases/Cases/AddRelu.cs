using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class AddReluCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.AddRelu);

    public override IEnumerable<string> Sizes => ["0", "1", "31", "33x7", "40000"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["2x128x16x32"];

    public override Cost Cost(string size, int element) =>
        new(3 * Count(size) * element, 3 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.AddRelu(inputs[0], inputs[1]);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Zip(inputs[1], (a, b) => Math.Max(a + b, 0))];
}
