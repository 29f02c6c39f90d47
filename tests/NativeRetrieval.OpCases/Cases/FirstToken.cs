using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are B x S x D.</summary>
sealed class FirstTokenCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.FirstToken);

    public override IEnumerable<string> Sizes => ["0x2x3", "1x1x1", "3x5x33"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["8x32x768"];

    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        return new(2L * d[0] * d[2] * element, (Count(size) + (long)d[0] * d[2]) * element);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.FirstToken(inputs[0]);

    public override double[] Reference(string size, double[][] inputs)
    {
        int tokens = Parse(size)[1], width = Parse(size)[2];
        return [.. inputs[0].Where((_, i) => i / width % tokens == 0)];
    }
}
