using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x C x H x W of one rank that is alone; ranks that add their sums are tested with their groups.</summary>
abstract class SynchronizedBatchNormCase(BatchNormOptions options, bool lengths) : OpCase
{
    const double Offset = 3;

    public override string Op => nameof(Core.Ops.Op.SynchronizedBatchNorm);

    public override IEnumerable<string> Sizes =>
        options.Axis == 3 ? ["2x1x5x7", "3x1x9x64"] : ["2x1x3x2", "2x3x5x4", "3x16x7x2", "2x37x4x3"];

    public override Tolerance Tolerance => new(Forward: 1e-5, Gradient: 1e-4);

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] shape = Parse(size);
        var x = Normal(random, shape);
        return
        [
            x with { Values = [.. x.Values.Select(v => 2 * v + Offset)], FeatureMap = options.Axis == 1 },
            Uniform(random, 0.5, 1.5, shape[options.Axis]) with { Parameter = true },
            Uniform(random, -0.5, 0.5, shape[options.Axis]) with { Parameter = true },
        ];
    }

    public override IEnumerable<string> ModelSizes => options.Axis == 3 || lengths ? [] : ["2x64x50x64"];

    public override Cost Cost(string size, int element) => new(3 * Count(size) * element, 5 * Count(size) * element);

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int channels = Parse(size)[options.Axis];
        var dtype = inputs[1].DType;
        var mean = Core.Ops.Op.Full([channels], Offset - 0.25, device, dtype);
        var variance = Core.Ops.Op.Full([channels], 3, device, dtype);
        var own = lengths ? Tensor.From(Lengths(size), [Parse(size)[0]], device) : null;
        return Core.Ops.Op.SynchronizedBatchNorm(inputs[0], inputs[1], inputs[2], mean, variance, options, new LoneRank(), own);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] shape = Parse(size);
        var y = new double[inputs[0].Length];
        for (int c = 0; c < shape[options.Axis]; c++)
        {
            int[] real = [.. Enumerable.Range(0, y.Length).Where(i => Channel(i) == c && Frame(i) < Length(i))];
            double mean = real.Average(i => inputs[0][i]), variance = real.Average(i => Math.Pow(inputs[0][i] - mean, 2));
            foreach (int i in real)
            {
                double value = inputs[1][c] * (inputs[0][i] - mean) / Math.Sqrt(variance + 1e-5) + inputs[2][c];
                y[i] = options.Relu ? Math.Max(value, 0) : value;
            }
        }
        return y;

        int Channel(int i) => options.Axis == 3 ? i % shape[3] : i / (shape[2] * shape[3]) % shape[1];
        int Frame(int i) => i / shape[3] % shape[2];
        int Length(int i) => lengths ? Lengths(size)[i / (shape[1] * shape[2] * shape[3])] : shape[2];
    }

    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Max(1, Parse(size)[2] - 2 * clip))];
}

sealed class SynchronizedBatchNormPlainCase() : SynchronizedBatchNormCase(new(Training: true), lengths: false);

sealed class SynchronizedBatchNormReluOwnLengthCase() : SynchronizedBatchNormCase(new(Training: true, Relu: true), lengths: true);

sealed class SynchronizedBatchNormMelCase() : SynchronizedBatchNormCase(new(Training: true, Axis: 3), lengths: true);
