using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class ConcatCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Concat);

    public override IEnumerable<string> Sizes => ["0x3", "1x1", "4x5x2"];

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] shape = Parse(size);
        return [Normal(random, shape), Normal(random, [2, .. shape[1..]])];
    }

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 2 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Concat(inputs);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0], .. inputs[1]];
}
