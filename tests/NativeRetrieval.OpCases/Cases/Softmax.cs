using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class SoftmaxCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Softmax);

    public override IEnumerable<string> Sizes => ["0x3", "1x1", "5x7", "2x3x100", "40x1000"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Uniform(random, -20, 20, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["128x1024"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 3 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Softmax(inputs[0]);

    public override double[] Reference(string size, double[][] inputs) =>
        [.. inputs[0].Chunk(Parse(size)[^1]).SelectMany(Formulas.Softmax)];
}
