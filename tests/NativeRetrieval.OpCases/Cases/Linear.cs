using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are B x S x I x O. Without a tape the activation is fused, with one it is an op of its own.</summary>
abstract class LinearCase(bool hasBias, Activation activation) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Linear);

    public override IEnumerable<string> Sizes => ["0x1x3x2", "1x1x1x1", "2x3x5x7", "3x11x260x33"];

    public override bool HasBFloat16 => activation != Activation.Gelu;

    // Weight and bias are rounded to 8 bits on their way in, results on their way out.
    public override Tolerance Tolerance => base.Tolerance with { BFloat16 = 4e-3 };

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
        long bytes = n * (inputs + outputs) * element + weights * sizeof(float);
        return new(bytes, 2 * bytes, 2.0 * n * weights);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.Linear(inputs[0], inputs[1], hasBias ? inputs[2] : null, activation);

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] d = Parse(size);
        int rows = d[0] * d[1], features = d[2], outputs = d[3];
        var y = new double[rows * outputs];
        for (int i = 0; i < y.Length; i++)
        {
            double sum = hasBias ? inputs[2][i % outputs] : 0;
            for (int p = 0; p < features; p++) sum += inputs[0][i / outputs * features + p] * inputs[1][i % outputs * features + p];
            y[i] = activation switch
            {
                Activation.Relu => Math.Max(sum, 0),
                Activation.Gelu => Formulas.Gelu(sum),
                _ => sum,
            };
        }
        return y;
    }
}

sealed class LinearWithoutBiasCase() : LinearCase(false, Activation.None);

sealed class LinearWithBiasCase() : LinearCase(true, Activation.None);

sealed class LinearReluCase() : LinearCase(true, Activation.Relu);

sealed class LinearGeluCase() : LinearCase(true, Activation.Gelu);

/// <summary>
/// <c>y = h·Wᵀ + b + h</c> with h = 2x, square weights: the layer's gradient meets what has come to h over the residual connection.
/// </summary>
sealed class LinearBesideResidualCase() : LinearCase(true, Activation.None)
{
    const double Factor = 2;

    public override IEnumerable<string> Sizes => ["0x1x3x3", "1x1x1x1", "2x3x5x5", "3x11x68x68"];

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        var h = Core.Ops.Op.Scale(inputs[0], Factor);
        return Core.Ops.Op.Add(base.Run(size, [h, inputs[1], inputs[2]], device), h);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        double[] h = Array.ConvertAll(inputs[0], x => Factor * x);
        return [.. base.Reference(size, [h, inputs[1], inputs[2]]).Zip(h, (product, residual) => product + residual)];
    }
}
