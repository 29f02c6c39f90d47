using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>There and back through the device's layout of feature maps is the identity; the harness reads every output row-major.</summary>
sealed class ToLayoutCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.ToLayout);

    public override IEnumerable<string> Sizes => ["0x3x2x2", "1x1x1x1", "2x16x3x5", "2x19x5x3", "1x33x4x2"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["2x64x50x64"];

    public override Cost Cost(string size, int element) =>
        new(2 * Count(size) * element, 2 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.ToLayout(inputs[0], device.FeatureMaps);

    public override double[] Reference(string size, double[][] inputs) => inputs[0];
}
