using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

sealed class ClipPoolingCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.ClipPooling);

    public override IEnumerable<string> Sizes => ["0x3x2x2", "1x1x1x1", "3x5x4x2", "2x19x7x3"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["4x2048x31x2"];

    public override Cost Cost(string size, int element)
    {
        long x = Count(size), y = Count(size, 2);
        return new((x + y) * element, (x + y) * element);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.ClipPooling(inputs[0], Tensor.From(Lengths(size), [Parse(size)[0]], device));

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int c, int frames, int bins]) throw new FormatException(size);
        var y = new double[n * c];
        for (int plane = 0; plane < y.Length; plane++)
        {
            var means = Enumerable.Range(0, Lengths(size)[plane / c])
                .Select(frame => Enumerable.Range(0, bins).Average(bin => inputs[0][(plane * frames + frame) * bins + bin])).ToArray();
            y[plane] = means.Max() + means.Average();
        }
        return y;
    }

    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Max(1, Parse(size)[2] - clip))];
}
