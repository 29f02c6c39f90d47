using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are B x S x D; lengths run from S downwards to 0.</summary>
sealed class MeanOverTokensCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.MeanOverTokens);

    public override IEnumerable<string> Sizes => ["0x2x3", "1x1x1", "6x5x33"];

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => ["8x32x768"];

    /// <summary>Tokens past a sentence's length are not read; their gradient is written.</summary>
    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        long means = (long)d[0] * d[2];
        long own = Enumerable.Range(0, d[0]).Sum(i => (long)Math.Max(0, d[1] - i)) * d[2];
        return new((own + means) * element, (Count(size) + means) * element);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.MeanOverTokens(inputs[0], Tensor.From(Lengths(size), [Parse(size)[0]], device));

    public override double[] Reference(string size, double[][] inputs)
    {
        int tokens = Parse(size)[1], width = Parse(size)[2];
        var y = new double[Parse(size)[0] * width];
        for (int i = 0; i < y.Length; i++)
        {
            int sentence = i / width, length = Lengths(size)[sentence];
            for (int s = 0; s < length; s++) y[i] += inputs[0][(sentence * tokens + s) * width + i % width] / length;
        }
        return y;
    }

    static int[] Lengths(string size)
    {
        int[] d = Parse(size);
        return [.. Enumerable.Range(0, d[0]).Select(b => d[1] - b)];
    }
}
