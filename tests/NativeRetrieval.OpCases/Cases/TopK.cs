using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>Sizes are rows x values x k. The values are few, so that most places are decided by the index.</summary>
sealed class TopKCase : OpCase
{
    public override string Op => nameof(Core.Ops.Op.TopK);

    public override IEnumerable<string> Sizes =>
        ["0x5x2", "1x1x1", "3x7x0", "2x33x33", "5x1000x10", "130x97x3", "2x9001x5", "1x20000x256", "3x700x700"];

    public override bool HasGradient => false;

    public override bool HasFloat64 => false;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        var input = Uniform(random, -10, 10, Parse(size)[..2]);
        return [input with { Values = [.. input.Values.Select(value => Math.Round(value))] }];
    }

    public override IEnumerable<string> ModelSizes => ["8x20000x10"];

    /// <summary>Values, and a 32-bit place for each.</summary>
    public override Cost Cost(string size, int element)
    {
        int[] d = Parse(size);
        return new((d[0] * (long)d[1] + 2L * d[0] * d[2]) * sizeof(float), null);
    }

    /// <summary>The values of all rows, then their places.</summary>
    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        var (values, indices) = Core.Ops.Op.TopK(inputs[0], Parse(size)[2]);
        return Core.Ops.Op.Concat(values, Tensor.From(Array.ConvertAll(indices.ToArray<int>(), i => (float)i), indices.Shape, device));
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        var (width, k) = (Parse(size)[1], Parse(size)[2]);
        var best = inputs[0].Chunk(width).SelectMany(row => row.Select((value, place) => (value, place))
            .OrderByDescending(pair => pair.value).ThenBy(pair => pair.place).Take(k)).ToList();
        return [.. best.Select(pair => pair.value), .. best.Select(pair => (double)pair.place)];
    }
}
