using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are B x S x H x D. Lengths run from S downwards, one of them 0.</summary>
abstract class AttentionCase(double dropoutProbability) : OpCase
{
    static readonly Philox Stream = new(11, 4);

    public override string Op => nameof(Core.Ops.Op.Attention);

    public override IEnumerable<string> Sizes => ["0x2x1x3", "1x2x1x1", "3x5x2x3", "4x37x3x16"];

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        int[] d = Parse(size), shape = [d[0], d[1], d[2] * d[3]];
        return [Normal(random, shape), Normal(random, shape), Normal(random, shape)];
    }

    public override IEnumerable<string> ModelSizes => ["4x32x12x64", "2x64x12x64"];

    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        return new(4 * Count(size) * element, 7 * Count(size) * element, 4.0 * Count(size) * d[1]);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) => Core.Ops.Op.Attention(inputs[0], inputs[1], inputs[2],
        Tensor.From(Lengths(size), [Parse(size)[0]], device), Parse(size)[2], dropoutProbability, Stream);

    public override double[] Reference(string size, double[][] inputs)
    {
        int[] d = Parse(size);
        var (batch, tokens, heads, width) = (d[0], d[1], d[2], d[3]);
        var y = new double[batch * tokens * heads * width];
        for (int b = 0; b < batch; b++)
            for (int h = 0; h < heads; h++)
                for (int query = 0; query < tokens; query++)
                {
                    int length = Lengths(size)[b];
                    if (length == 0) continue;
                    double[] weights = Formulas.Softmax(Enumerable.Range(0, length).Select(key =>
                        Enumerable.Range(0, width).Sum(i => inputs[0][At(query, i)] * inputs[1][At(key, i)]) / Math.Sqrt(width)));
                    for (int key = 0; key < length; key++)
                    {
                        ulong number = (ulong)(((b * heads + h) * tokens + query) * tokens + key);
                        double weight = Stream.Uniform(number) < dropoutProbability ? 0 : weights[key] / (1 - dropoutProbability);
                        for (int i = 0; i < width; i++) y[At(query, i)] += weight * inputs[2][At(key, i)];
                    }

                    int At(int token, int i) => ((b * tokens + token) * heads + h) * width + i;
                }
        return y;
    }

    static int[] Lengths(string size)
    {
        int[] d = Parse(size);
        return [.. Enumerable.Range(0, d[0]).Select(b => b == 2 ? 0 : d[1] - b)];
    }
}

sealed class AttentionWithoutDropoutCase() : AttentionCase(0);

sealed class AttentionWithDropoutCase() : AttentionCase(0.3);
