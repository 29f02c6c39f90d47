using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x I x O x H x W x k; weights, scale and shift are inputs, packed anew in each run.</summary>
/// <param name="adds">A summand is the last input.</param>
/// <param name="masks">Clips have frames of their own, from none to all.</param>
abstract class PackedConv2dCase(bool adds, bool masks) : OpCase
{
    readonly Conv2dCase _convolution = new();

    public override string Op => nameof(Core.Ops.Op.PackedConv2d);

    public override IEnumerable<string> Sizes =>
    [
        "1x1x19x6x5x3", "2x16x17x5x2x3", "1x40x32x9x2x3", "2x32x48x11x6x3", "2x18x33x5x3x1", "2x64x128x7x4x1",
        "2x1x19x6x5x5", "2x18x33x5x3x5",
    ];

    public override bool HasGradient => false;

    public override bool HasFloat64 => false;

    public override bool HasBFloat16 => true;

    // Kernels and shift are rounded to 8 bits on their way in, results on their way out.
    public override Tolerance Tolerance => new(Forward: 2e-6, Gradient: 0, BFloat16: 4e-3);

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] s = Parse(size);
        int outputs = s[2];
        return [.. _convolution.Inputs(size, random), Uniform(random, 0.5, 1.5, outputs) with { Parameter = true },
            Normal(random, outputs) with { Parameter = true },
            .. adds ? [Normal(random, s[0], outputs, s[3], s[4]) with { FeatureMap = true }] : (Input[])[]];
    }

    public override Cost Cost(string size, int element) => _convolution.Cost(size, element) with { BackwardBytes = null };

    /// <summary>Frames of each clip that are its own: none, then two more for each clip.</summary>
    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Min(2 * clip, Parse(size)[3]))];

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        using var packed = new PackedConvolution(inputs[1], inputs[2], inputs[3], inputs[0].Shape[3]);
        var lengths = masks ? Tensor.From(Lengths(size), [Parse(size)[0]], device) : null;
        return Core.Ops.Op.PackedConv2d(inputs[0], packed, relu: true, adds ? inputs[4] : null, lengths);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] s = Parse(size);
        int plane = s[3] * s[4];
        double[] y = _convolution.Reference(size, inputs);
        for (int at = 0; at < y.Length; at++)
        {
            int channel = at / plane % inputs[2].Length;
            y[at] = Math.Max(0, y[at] * inputs[2][channel] + inputs[3][channel] + (adds ? inputs[4][at] : 0));
            if (masks && at / s[4] % s[3] >= Lengths(size)[at / plane / s[2]]) y[at] = 0;
        }
        return y;
    }
}

sealed class PackedConv2dPlainCase() : PackedConv2dCase(adds: false, masks: false);

sealed class PackedConv2dSummandCase() : PackedConv2dCase(adds: true, masks: false);

sealed class PackedConv2dSummandOwnLengthCase() : PackedConv2dCase(adds: true, masks: true);
