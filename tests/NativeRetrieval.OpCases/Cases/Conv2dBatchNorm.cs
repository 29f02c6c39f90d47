using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Sizes are N x O x H x W x k: clips shorter than a kernel, several tiles of rows and columns, channels that are packs, that are not, and
/// that take several shares. Values sit far from 0 and neighbours are alike, as in a spectrogram, so that cancellation would show. One or
/// two pixels are no case: without a variance 1 / √ε enlarges a convolution's rounding; two are ±1 whatever x is.
/// </summary>
abstract class Conv2dBatchNormCase(BatchNormOptions options, bool lengths) : OpCase
{
    const double Offset = 3, Mean = 0.25, Variance = 2;

    public override string Op => nameof(Core.Ops.Op.Conv2dBatchNorm);

    public override IEnumerable<string> Sizes =>
        ["1x1x3x3x3", "2x3x5x4x3", "3x8x17x7x3", "1x19x9x67x3", "2x68x10x3x3", "1x2x131x33x3", "2x4x3x5x5", "1x5x9x70x5", "2x20x19x6x5"];

    public override Tolerance Tolerance => new(Forward: 1e-5, Gradient: 1e-4);

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        if (Parse(size) is not [int n, int o, int h, int w, int k]) throw new FormatException(size);
        var x = Normal(random, n, 1, h, w);
        return
        [
            x with { Values = [.. x.Values.Select((v, i) => Offset + Math.Sin(0.7 * i) + 0.5 * v)] },
            Normal(random, o, 1, k, k) with { Filter = true, Parameter = true },
            Uniform(random, 0.5, 1.5, o) with { Parameter = true },
            Uniform(random, -0.5, 0.5, o) with { Parameter = true },
        ];
    }

    public override IEnumerable<string> ModelSizes => options is { Training: true, Relu: true } && !lengths ? ["2x64x100x64x3"] : [];

    /// <summary>
    /// Statistics need all of x before the first y. dx needs all of dy and x: what dy alone adds to it is kept, or dy is read twice.
    /// The input is widened, and its gradient rounded, where results are bfloat16.
    /// </summary>
    public override Cost Cost(string size, int element)
    {
        if (Parse(size) is not [int n, int o, int h, int w, int k]) throw new FormatException(size);
        long x = (long)n * h * w * sizeof(float), y = (long)n * o * h * w * element;
        long cast = element < sizeof(float) ? (long)n * h * w * (sizeof(float) + element) : 0;
        double flops = 2.0 * k * k * n * o * h * w;
        return options.Training ? new(2 * x + y + cast, 3 * x + y + Math.Min(2 * x, y) + cast, flops) : new(x + y + cast, null, flops);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int channels = Parse(size)[1];
        var (x, dtype) = (inputs[0], inputs[1].DType);
        // The input is a spectrogram in float32; what is stored in bfloat16 is the result.
        var stored = x.DType;
        if (stored == DType.BFloat16) x = Core.Ops.Op.Cast(x, DType.Float32);
        var mean = Core.Ops.Op.Full([channels], Mean, device, dtype);
        var variance = Core.Ops.Op.Full([channels], Variance, device, dtype);
        var own = lengths ? Tensor.From(Lengths(size), [Parse(size)[0]], device) : null;
        return Core.Ops.Op.Conv2dBatchNorm(x, inputs[1], inputs[2], inputs[3], mean, variance, options, own, stored);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int o, int h, int w, int k]) throw new FormatException(size);
        var y = new double[n * o * h * w];
        for (int channel = 0; channel < o; channel++)
        {
            var pixels = (from clip in Enumerable.Range(0, n)
                          from pixel in Enumerable.Range(0, (lengths ? Lengths(size)[clip] : h) * w)
                          select (Place: (clip * o + channel) * h * w + pixel, Value: Convolved(clip, pixel / w, pixel % w))).ToArray();
            double mean = options.Training ? pixels.Average(p => p.Value) : Mean;
            double variance = options.Training ? pixels.Average(p => (p.Value - mean) * (p.Value - mean)) : Variance;
            foreach (var (place, z) in pixels)
            {
                double value = inputs[2][channel] * (z - mean) / Math.Sqrt(variance + 1e-5) + inputs[3][channel];
                y[place] = options.Relu ? Math.Max(value, 0) : value;
            }

            double Convolved(int clip, int row, int column)
            {
                double sum = 0;
                for (int tap = 0; tap < k * k; tap++)
                {
                    int r = row + tap / k - k / 2, c = column + tap % k - k / 2;
                    if (r >= 0 && r < h && c >= 0 && c < w) sum += inputs[1][channel * k * k + tap] * inputs[0][(clip * h + r) * w + c];
                }
                return sum;
            }
        }
        return y;
    }

    /// <summary>Own frames: less and less, so that a clip ends anywhere between the tiles' edges.</summary>
    static int[] Lengths(string size) =>
        [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Max(1, Parse(size)[2] - 1 - 4 * clip))];
}

sealed class Conv2dBatchNormTrainingCase() : Conv2dBatchNormCase(new(Training: true, Relu: true), lengths: false);

sealed class Conv2dBatchNormOwnLengthCase() : Conv2dBatchNormCase(new(Training: true, Relu: true), lengths: true);

sealed class Conv2dBatchNormPlainCase() : Conv2dBatchNormCase(new(Training: true), lengths: true);

sealed class Conv2dBatchNormRunningCase() : Conv2dBatchNormCase(new(Training: false, Relu: true), lengths: true);
