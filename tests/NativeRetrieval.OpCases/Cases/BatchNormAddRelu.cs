using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are N x C x H x W. Frames behind a clip's own keep the residual's value.</summary>
abstract class BatchNormAddReluCase(BatchNormOptions options, bool lengths) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.BatchNormAddRelu);

    public override IEnumerable<string> Sizes => ["2x1x7x5", "2x3x5x4", "3x16x7x2", "2x37x4x3", "3x24x5x2"];

    public override Tolerance Tolerance => new(Forward: 1e-5, Gradient: 1e-4);

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] shape = Parse(size);
        var x = Normal(random, shape);
        return
        [
            x with { Values = [.. x.Values.Select(v => 2 * v + 3)], FeatureMap = true },
            Uniform(random, 0.5, 1.5, shape[1]) with { Parameter = true },
            Uniform(random, -0.5, 0.5, shape[1]) with { Parameter = true },
            Normal(random, shape) with { FeatureMap = true },
        ];
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int channels = Parse(size)[1];
        var dtype = inputs[1].DType;
        var mean = Core.Ops.Op.Full([channels], 2.75, device, dtype);
        var variance = Core.Ops.Op.Full([channels], 3, device, dtype);
        var own = lengths ? Tensor.From(Lengths(size), [Parse(size)[0]], device) : null;
        return Core.Ops.Op.BatchNormAddRelu(inputs[0], inputs[1], inputs[2], mean, variance, options, inputs[3], own);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        if (Parse(size) is not [_, int channels, int h, int w]) throw new FormatException(size);
        var y = new double[inputs[0].Length];
        for (int c = 0; c < channels; c++)
        {
            int[] all = [.. Enumerable.Range(0, y.Length).Where(i => i / (h * w) % channels == c)];
            double[] real = [.. all.Where(IsReal).Select(i => inputs[0][i])];
            double mean = options.Training ? real.Average() : 2.75;
            double variance = options.Training ? real.Average(x => (x - mean) * (x - mean)) : 3;
            foreach (int i in all)
            {
                double normalised = inputs[1][c] * (inputs[0][i] - mean) / Math.Sqrt(variance + 1e-5) + inputs[2][c];
                y[i] = Math.Max((IsReal(i) ? normalised : 0) + inputs[3][i], 0);
            }
        }
        return y;

        bool IsReal(int i) => !lengths || i / w % h < Lengths(size)[i / (channels * h * w)];
    }

    static int[] Lengths(string size) => [.. Enumerable.Range(0, Parse(size)[0]).Select(clip => Math.Max(1, Parse(size)[2] - 2 * clip))];
}

sealed class BatchNormAddReluTrainingCase() : BatchNormAddReluCase(new(Training: true), lengths: false);

sealed class BatchNormAddReluOwnLengthCase() : BatchNormAddReluCase(new(Training: true), lengths: true);

sealed class BatchNormAddReluRunningCase() : BatchNormAddReluCase(new(Training: false), lengths: true);
