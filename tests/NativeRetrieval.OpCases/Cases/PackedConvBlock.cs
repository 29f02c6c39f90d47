using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Sizes are N x C x O x H x W x k, k that of the first kernels: nothing left by pooling, several tiles of rows and of columns, odd
/// heights and widths. Scales are 1: packing has cases of its own.
/// </summary>
/// <param name="masks">Clips have frames of their own, from none to all.</param>
abstract class PackedConvBlockCase(bool masks) : OpCase
{
    const int Second = 3, Window = 2;

    public override string Op => nameof(Core.Ops.Op.PackedConvBlock);

    public override IEnumerable<string> Sizes =>
        ["1x64x64x1x4x3", "2x5x7x9x6x3", "1x16x8x5x7x5", "3x64x64x7x5x3", "1x64x64x18x4x3", "1x64x64x3x70x3", "2x64x64x4x6x5"];

    public override IEnumerable<string> ModelSizes => masks ? [] : ["1x64x64x40x64x3"];

    public override bool HasGradient => false;

    public override bool HasFloat64 => false;

    public override bool IsComposedInFloat32 => true;

    public override bool HasBFloat16 => true;

    // The maps between, the second kernels and the results are rounded to 8 bits.
    public override Tolerance Tolerance => new(Forward: 2e-6, Gradient: 0, BFloat16: 4e-3);

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        if (Parse(size) is not [int n, int c, int o, int h, int w, int k]) throw new FormatException(size);
        return
        [
            Normal(random, n, 1, h, w),
            Normal(random, c, 1, k, k) with { Filter = true, Parameter = true },
            Normal(random, c) with { Parameter = true },
            Normal(random, o, c, Second, Second) with { Filter = true, Parameter = true },
            Normal(random, o) with { Parameter = true },
        ];
    }

    /// <summary>Kernels are packed in each run, and rounded where maps are.</summary>
    public override Cost Cost(string size, int element)
    {
        if (Parse(size) is not [int n, int c, int o, int h, int w, int k]) throw new FormatException(size);
        long x = (long)n * h * w, y = (long)n * o * (h / Window) * (w / Window), first = c * k * k, second = (long)o * c * Second * Second;
        long rounding = element < sizeof(float) ? second * (sizeof(float) + element) : 0;
        return new((x + 3 * first + 2 * second) * sizeof(float) + rounding + (y + second) * element, null, 2.0 * x * (first + second));
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        // The input is a spectrogram in float32; what is stored in bfloat16 is the result.
        var (x, stored, width) = (inputs[0], inputs[0].DType, inputs[0].Shape[3]);
        if (stored == DType.BFloat16) x = Core.Ops.Op.Cast(x, DType.Float32);
        using var first = new PackedConvolution(inputs[1], Ones(inputs[2]), inputs[2], width);
        using var second = new PackedConvolution(inputs[3], Ones(inputs[4]), inputs[4], width);
        var own = masks ? Tensor.From(Lengths(size), [x.Shape[0]], device) : null;
        return Core.Ops.Op.PackedConvBlock(x, first, second, own, stored);

        Tensor Ones(Tensor shift) => Core.Ops.Op.Full(shift.Shape, 1, device);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int c, int o, int h, int w, int k]) throw new FormatException(size);
        int[] own = masks ? Lengths(size) : [.. Enumerable.Repeat(h, n)];
        double[] hidden = Rectified(inputs[0], inputs[1], inputs[2], 1, c, k);
        for (int at = 0; at < hidden.Length; at++)
            if (at / w % h >= own[at / (c * h * w)]) hidden[at] = 0;
        double[] maps = Rectified(hidden, inputs[3], inputs[4], c, o, Second);
        return [.. from plane in Enumerable.Range(0, n * o)
                   from row in Enumerable.Range(0, h / Window)
                   from column in Enumerable.Range(0, w / Window)
                   let window = from a in Enumerable.Range(row * Window, Window)
                                from b in Enumerable.Range(column * Window, Window)
                                select maps[(plane * h + a) * w + b]
                   select (row + 1) * Window <= own[plane / o] ? window.Average() : 0];

        double[] Rectified(double[] x, double[] kernels, double[] shift, int inner, int outer, int side)
        {
            double[] y = new Conv2dCase().Reference($"{n}x{inner}x{outer}x{h}x{w}x{side}", [x, kernels]);
            for (int at = 0; at < y.Length; at++) y[at] = Math.Max(0, y[at] + shift[at / (h * w) % outer]);
            return y;
        }
    }

    /// <summary>Own frames of each clip: none, then five more for each clip.</summary>
    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Min(5 * clip, Parse(size)[3]))];
}

sealed class PackedConvBlockPlainCase() : PackedConvBlockCase(masks: false);

sealed class PackedConvBlockOwnLengthCase() : PackedConvBlockCase(masks: true);
