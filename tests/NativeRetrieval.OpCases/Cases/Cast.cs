using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>To bfloat16 and back, which rounds; the gradient is rounded on its way back as well.</summary>
sealed class CastCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Cast);

    public override IEnumerable<string> Sizes => ["0", "1", "31", "33x7", "40000"];

    public override bool HasFloat64 => false;

    public override Tolerance Tolerance => new(Forward: 0, Gradient: 2.5e-3);

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["64x768"];

    public override Cost Cost(string size, int element) => new(12 * Count(size), 12 * Count(size));

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.Cast(Core.Ops.Op.Cast(inputs[0], DType.BFloat16), DType.Float32);

    public override double[] Reference(string size, double[][] inputs) =>
        [.. inputs[0].Select(x => OpCaseRunner.Rounded(x, DType.BFloat16))];
}
