using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Sizes are B x S x H x D. Lengths run from S downwards, the third is 0; from the second sentence on two rows lie behind the last one.
/// More than 128 tokens or values of a head go the long way on a GPU.
/// </summary>
/// <param name="first">Numbers of the stream before that of the first weight.</param>
abstract class AttentionCase(double dropoutProbability, ulong first = 0) : OpCase
{
    Philox Stream { get; } = new(11, 4) { First = first };

    public override string Op => nameof(Core.Ops.Op.Attention);

    public override IEnumerable<string> Sizes =>
        ["0x2x1x3", "1x2x1x1", "3x5x2x3", "4x37x3x16", "2x32x2x64", "2x128x1x32", "2x130x1x5", "2x9x2x132"];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] d = Parse(size);
        return [Normal(random, Rows(size), 3 * d[2] * d[3])];
    }

    public override IEnumerable<string> ModelSizes => first == 0 ? ["4x32x12x64", "2x64x12x64"] : [];

    /// <summary>A row of qkv and of y are four values a head's element; backward reads and writes seven.</summary>
    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        long values = (long)Rows(size) * d[2] * d[3];
        return new(4 * values * element, 7 * values * element, 4.0 * values * d[1]);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int[] d = Parse(size);
        return Core.Ops.Op.Attention(inputs[0], Tensor.From(Starts(size), [d[0] + 1], device), d[2], d[1], dropoutProbability, Stream);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] d = Parse(size), starts = Starts(size);
        var (batch, tokens, heads, width) = (d[0], d[1], d[2], d[3]);
        var y = new double[Rows(size) * heads * width];
        for (int b = 0; b < batch; b++)
            for (int h = 0; h < heads; h++)
                for (int query = 0; query < starts[b + 1] - starts[b]; query++)
                {
                    double[] weights = Formulas.Softmax(Enumerable.Range(0, starts[b + 1] - starts[b]).Select(key =>
                        Enumerable.Range(0, width).Sum(i => At(0, query, i) * At(1, key, i)) / Math.Sqrt(width)));
                    for (int key = 0; key < weights.Length; key++)
                    {
                        ulong number = (ulong)(((b * heads + h) * tokens + query) * tokens + key);
                        double weight = Stream.Uniform(number) < dropoutProbability ? 0 : weights[key] / (1 - dropoutProbability);
                        for (int i = 0; i < width; i++) y[((starts[b] + query) * heads + h) * width + i] += weight * At(2, key, i);
                    }

                    double At(int part, int token, int i) => inputs[0][(((starts[b] + token) * 3 + part) * heads + h) * width + i];
                }
        return y;
    }

    static int Rows(string size) => Starts(size)[^1] + (Parse(size)[0] > 1 ? 2 : 0);

    static int[] Starts(string size)
    {
        int[] d = Parse(size), starts = new int[d[0] + 1];
        for (int b = 0; b < d[0]; b++) starts[b + 1] = starts[b] + (b == 2 ? 0 : d[1] - b);
        return starts;
    }
}

sealed class AttentionWithoutDropoutCase() : AttentionCase(0);

sealed class AttentionWithDropoutCase() : AttentionCase(0.3);

sealed class AttentionOfLaterRankCase() : AttentionCase(0.3, first: 3 * 5 * 5);
