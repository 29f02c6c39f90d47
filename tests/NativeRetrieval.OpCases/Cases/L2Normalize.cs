using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class L2NormalizeCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.L2Normalize);

    public override IEnumerable<string> Sizes => ["0x3", "1x2", "2x3x33", "50x1024"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["64x1024"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 3 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.L2Normalize(inputs[0]);

    public override double[] Reference(string size, double[][] inputs) =>
        [.. inputs[0].Chunk(Parse(size)[^1]).SelectMany(row => row.Select(x => x / Math.Sqrt(row.Sum(v => v * v))))];
}

/// <summary>Rows shorter than ε are divided by ε.</summary>
sealed class L2NormalizeShortCase : OpCase
{
    const double Epsilon = 100;

    public override string Op => nameof(Core.Ops.Op.L2Normalize);

    public override IEnumerable<string> Sizes => ["1x1", "3x17"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 3 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.L2Normalize(inputs[0], Epsilon);

    public override double[] Reference(string size, double[][] inputs) => [.. inputs[0].Select(x => x / Epsilon)];
}
