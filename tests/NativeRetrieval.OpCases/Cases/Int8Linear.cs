using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are B x S x I x O; the weight is rounded in each run. The formula rounds as the op does, and sums in float64.</summary>
abstract class Int8LinearCase(bool hasBias, Activation activation) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Int8Linear);

    public override IEnumerable<string> Sizes => ["0x1x3x2", "1x1x1x1", "2x3x5x7", "3x11x260x33", "2x7x768x50"];

    public override bool HasGradient => false;

    public override bool HasFloat64 => false;

    public override bool OnCpuAlone => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] d = Parse(size);
        Input x = Normal(random, d[0], d[1], d[2]), weight = Uniform(random, -0.3, 0.3, d[3], d[2]) with { Parameter = true };
        return hasBias ? [x, weight, Normal(random, d[3]) with { Parameter = true }] : [x, weight];
    }

    public override Cost Cost(string size, int element)
    {
        if (Parse(size) is not [int batch, int rows, int inputs, int outputs]) throw new FormatException(size);
        long n = (long)batch * rows, weights = (long)inputs * outputs;
        return new(n * (inputs + outputs) * element + weights, null, 2.0 * n * weights);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        using var weight = new Int8Weight(inputs[1]);
        return Core.Ops.Op.Int8Linear(inputs[0], weight, hasBias ? inputs[2] : null, activation);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] d = Parse(size);
        int rows = d[0] * d[1], width = d[2], outputs = d[3];
        double[][] x = [.. inputs[0].Chunk(width).Select(RoundedRow)], weight = [.. inputs[1].Chunk(width).Select(RoundedWeights)];
        var y = new double[rows * outputs];
        for (int i = 0; i < y.Length; i++)
        {
            double sum = x[i / outputs].Zip(weight[i % outputs], (a, w) => a * w).Sum() + (hasBias ? inputs[2][i % outputs] : 0);
            y[i] = activation switch
            {
                Activation.Relu => Math.Max(sum, 0),
                Activation.Gelu => Formulas.Gelu(sum),
                _ => sum,
            };
        }
        return y;
    }

    /// <summary>A row of x in 256 steps from its least to its greatest value, 0 among them; every operation is in float32.</summary>
    static double[] RoundedRow(double[] row)
    {
        float step = (float)Math.Max(row.Max(), 0) / 255 - (float)Math.Min(row.Min(), 0) / 255, inverse = 1 / step;
        double zero = Math.Round(-(float)Math.Min(row.Min(), 0) * inverse);
        return [.. row.Select(value => step * (Math.Clamp(Math.Round((float)value * inverse) + zero, 0, 255) - zero))];
    }

    /// <summary>A row of the weight in steps of a 127th of its largest magnitude.</summary>
    static double[] RoundedWeights(double[] row)
    {
        double step = (float)row.Max(Math.Abs) / 127;
        return [.. row.Select(value => step * Math.Round(value / step))];
    }
}

sealed class Int8LinearWithoutBiasCase() : Int8LinearCase(false, Activation.None);

sealed class Int8LinearWithBiasCase() : Int8LinearCase(true, Activation.None);

sealed class Int8LinearReluCase() : Int8LinearCase(true, Activation.Relu);

sealed class Int8LinearGeluCase() : Int8LinearCase(true, Activation.Gelu);
