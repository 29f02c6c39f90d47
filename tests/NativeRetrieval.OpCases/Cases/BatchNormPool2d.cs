using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Sizes are N x C x H x W x window: odd rests in both directions, channels that are packs of either type and that are not. Lengths go down
/// to less than a window, so that a frame straddles a clip's end.
/// </summary>
/// <param name="first">Numbers of the stream before that of the first element.</param>
abstract class BatchNormPool2dCase(BatchNormOptions options, double dropout, bool lengths, ulong first = 0) : OpCase
{
    Philox Stream { get; } = new(5, 9) { First = first };

    public override string Op => nameof(Core.Ops.Op.BatchNormPool2d);

    public override IEnumerable<string> Sizes =>
        ["2x1x7x5x1", "2x3x5x4x2", "3x16x7x3x2", "2x37x4x3x2", "2x8x6x5x3", "3x24x5x2x1", "2x3x1x5x2"];

    public override Tolerance Tolerance => new(Forward: 1e-5, Gradient: 1e-4);

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        if (Parse(size) is not [int n, int c, int h, int w, _]) throw new FormatException(size);
        var x = Normal(random, n, c, h, w);
        return
        [
            x with { Values = [.. x.Values.Select(v => 2 * v + 3)], FeatureMap = true },
            Uniform(random, 0.5, 1.5, c) with { Parameter = true },
            Uniform(random, -0.5, 0.5, c) with { Parameter = true },
        ];
    }

    public override IEnumerable<string> ModelSizes => !options.Training || first > 0 ? [] : dropout > 0
        ? ["2x64x50x64x2", "4x512x62x8x2", "2x128x25x32x1"] : ["2x64x50x64x2"];

    /// <summary>Statistics need all of x before the first y, the sums of a gradient all of x and dy before the first dx.</summary>
    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        long x = Count(size, 4), y = (long)d[0] * d[1] * (d[2] / d[4]) * (d[3] / d[4]);
        return new(((options.Training ? 2 : 1) * x + y) * element, (3 * x + 2 * y) * element);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int channels = Parse(size)[1], window = Parse(size)[4];
        var dtype = inputs[1].DType;
        var mean = Core.Ops.Op.Full([channels], 2.75, device, dtype);
        var variance = Core.Ops.Op.Full([channels], 3, device, dtype);
        var own = lengths ? Tensor.From(Lengths(size), [Parse(size)[0]], device) : null;
        return Core.Ops.Op.BatchNormPool2d(inputs[0], inputs[1], inputs[2], mean, variance, options, new(window, dropout, Stream), own);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [int n, int c, int h, int w, int window]) throw new FormatException(size);
        int rows = h / window, columns = w / window;
        var y = new double[n * c * rows * columns];
        for (int channel = 0; channel < c; channel++)
        {
            double[] real = [.. Enumerable.Range(0, n).SelectMany(clip => Enumerable.Range(0, Own(clip) * w)
                .Select(pixel => inputs[0][(clip * c + channel) * h * w + pixel]))];
            double mean = options.Training ? real.Average() : 2.75;
            double variance = options.Training ? real.Average(x => (x - mean) * (x - mean)) : 3;
            for (int clip = 0; clip < n; clip++)
                for (int row = 0; row < Own(clip) / window; row++)
                    for (int column = 0; column < columns; column++)
                    {
                        double average = Enumerable.Range(0, window * window).Average(k => Normalised(
                            inputs[0][((clip * c + channel) * h + row * window + k / window) * w + column * window + k % window]));
                        bool dropped = Stream.Uniform((ulong)(((clip * rows + row) * columns + column) * c + channel)) < dropout;
                        y[((clip * c + channel) * rows + row) * columns + column] = dropped ? 0 : average / (1 - dropout);
                    }

            double Normalised(double x)
            {
                double value = inputs[1][channel] * (x - mean) / Math.Sqrt(variance + 1e-5) + inputs[2][channel];
                return options.Relu ? Math.Max(value, 0) : value;
            }
        }
        return y;

        int Own(int clip) => lengths ? Lengths(size)[clip] : h;
    }

    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Max(1, Parse(size)[2] - 2 * clip))];
}

sealed class BatchNormPool2dTrainingCase() : BatchNormPool2dCase(new(Training: true, Relu: true), dropout: 0.2, lengths: false);

sealed class BatchNormPool2dOwnLengthCase() : BatchNormPool2dCase(new(Training: true, Relu: true), dropout: 0.2, lengths: true);

sealed class BatchNormPool2dOfLaterRankCase()
    : BatchNormPool2dCase(new(Training: true, Relu: true), dropout: 0.2, lengths: true, first: 1_000_003);

sealed class BatchNormPool2dPlainCase() : BatchNormPool2dCase(new(Training: true), dropout: 0, lengths: true);

sealed class BatchNormPool2dRunningCase() : BatchNormPool2dCase(new(Training: false, Relu: true), dropout: 0, lengths: true);
