using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Three steps from given moments; the result is the parameter.</summary>
sealed class AdamCase : OpCase
{
    const double Rate = 0.01, Scale = 0.5, Decay = 0.1;

    public override string Op => nameof(Core.Ops.Op.Adam);

    public override IEnumerable<string> Sizes => ["0", "1", "37", "40001"];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["262144"];

    /// <summary>Parameter and both moments read and written, the gradient read, in each of three steps.</summary>
    public override Cost Cost(string size, int element) =>
        new(3 * 7 * Count(size) * sizeof(float), null);

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        var scale = Tensor.From([Scale, 1.0], [2], device);
        var (m, v) = (Tensor.ZerosLike(inputs[0]), Tensor.ZerosLike(inputs[0]));
        for (int step = 1; step <= 3; step++)
            Core.Ops.Op.Adam([new(inputs[0], inputs[1], m, v)], new(Rate, step, WeightDecay: Decay, Decoupled: step == 3), scale);
        return inputs[0];
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        double[] p = [.. inputs[0]];
        for (int i = 0; i < p.Length; i++)
        {
            double m = 0, v = 0;
            for (int step = 1; step <= 3; step++)
            {
                double g = inputs[1][i] * Scale + (step == 3 ? 0 : Decay * p[i]);
                if (step == 3) p[i] -= Rate * Decay * p[i];
                m += 0.1 * (g - m);
                v += 0.001 * (g * g - v);
                p[i] -= Rate * (m / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v / (1 - Math.Pow(0.999, step))) + 1e-8);
            }
        }
        return p;
    }
}
