using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>All four kinds of positives and both scales, on batches with related clips and repeated captions.</summary>
abstract class NtXentCase(NtXentOptions options) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.NtXent);

    public override IEnumerable<string> Sizes => ["1x4", "2x3", "7x5", "33x16", "63x9", "64x33", "65x7", "130x19"];

    public override Tolerance Tolerance => new(Forward: 1e-5, Gradient: 1e-5);

    public override Input[] Inputs(string size, PhiloxSequence random) => [Normal(random, Parse(size)), Normal(random, Parse(size))];

    public override IEnumerable<string> ModelSizes => options.Positives == Positives.Paper ? ["128x1024"] : [];

    /// <summary>
    /// The gradient comes with the loss, from soft-maxes over all pairs: it needs the vectors again. It is scaled on the way back.
    /// </summary>
    public override Cost Cost(string size, int element)
    {
        int batch = Parse(size)[0];
        return new(6 * Count(size) * sizeof(float), 4 * Count(size) * sizeof(float), 2.0 * Count(size) * batch);
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device)
    {
        int batch = Parse(size)[0];
        return Core.Ops.Op.NtXent(inputs[0], inputs[1], Tensor.From(Clips(batch), [batch], device),
            Tensor.From(Texts(batch), [batch], device), options);
    }

    public override double[] Reference(string size, double[][] inputs)
    {
        int batch = Parse(size)[0], width = Parse(size)[1];
        var (clips, texts) = (Clips(batch), Texts(batch));
        double loss = 0;
        for (int direction = 0; direction < 2; direction++)
        {
            var (from, to) = direction == 0 ? (inputs[0], inputs[1]) : (inputs[1], inputs[0]);
            for (int i = 0; i < batch; i++)
            {
                double denominator = 0;
                for (int j = 0; j < batch; j++)
                    if (!(options.Positives == Positives.Dropped && j != i && Related(i, j))) denominator += Math.Exp(S(i, j));
                var positives = Enumerable.Range(0, batch)
                    .Where(j => j == i || (options.Positives is Positives.Clip or Positives.SameText && Related(i, j)));
                loss -= positives.Average(j => S(i, j) - Math.Log(denominator)) / batch;
            }

            double S(int i, int j)
            {
                double dot = 0, a = 0, b = 0;
                for (int d = 0; d < width; d++)
                {
                    dot += from[i * width + d] * to[j * width + d];
                    a += from[i * width + d] * from[i * width + d];
                    b += to[j * width + d] * to[j * width + d];
                }
                return dot / Math.Sqrt(a * b) / options.Temperature;
            }

            bool Related(int i, int j) => clips[i] == clips[j] || (options.Positives != Positives.Clip && texts[i] == texts[j]);
        }
        if (Math.Abs(loss) < 1e-15) loss = 0; // one item, or all others dropped: log 1
        return [options.Scale == LossScale.Mean ? loss / 2 : loss];
    }

    static int[] Clips(int batch) => [.. Enumerable.Range(0, batch).Select(i => i / 2)];

    static int[] Texts(int batch) => [.. Enumerable.Range(0, batch).Select(i => i % 5)];
}

sealed class NtXentPaperCase() : NtXentCase(new(0.07, Positives.Paper, LossScale.Sum));

sealed class NtXentClipCase() : NtXentCase(new(0.1, Positives.Clip, LossScale.Mean));

sealed class NtXentSameTextCase() : NtXentCase(new(0.5, Positives.SameText, LossScale.Sum));

sealed class NtXentDroppedCase() : NtXentCase(new(0.2, Positives.Dropped, LossScale.Mean));
