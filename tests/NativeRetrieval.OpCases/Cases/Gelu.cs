using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class GeluCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Gelu);

    public override IEnumerable<string> Sizes => ["0", "1", "7x33"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Uniform(random, -6, 6, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["32x3072"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 3 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Gelu(inputs[0]);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Select(Formulas.Gelu)];
}
