using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Sizes are B x S x V x D; ids repeat, so that gradients add up: often enough that a GPU adds an id's rows in several blocks.
/// </summary>
sealed class EmbeddingCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.Embedding);

    public override IEnumerable<string> Sizes => ["0x2x3x4", "1x1x1x1", "3x7x5x100", "5x33x1x3", "9x16x4x40", "1x16x3x8"];

    public override bool HasBFloat16 => true;

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)[2..])];

    public override IEnumerable<string> ModelSizes => ["8x32x997x768"];

    /// <summary>Rows that occur are read and written once; the gradient's zeros are a fill before.</summary>
    public override Cost Cost(string size, int element)
    {
        long rows = Ids(size).Distinct().Count(), width = Parse(size)[3];
        return new((rows * width + Count(size, 2) * width) * element, Count(size, 2) * width * element + rows * width * sizeof(float));
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.Embedding(inputs[0], Tensor.From(Ids(size), Parse(size)[..2], device));

    public override double[] Reference(string size, double[][] inputs)
    {
        int width = Parse(size)[3];
        return [.. Ids(size).SelectMany(id => inputs[0].Skip(id * width).Take(width))];
    }

    static int[] Ids(string size)
    {
        int[] d = Parse(size);
        return [.. Enumerable.Range(0, d[0] * d[1]).Select(i => i * i % d[2])];
    }
}
