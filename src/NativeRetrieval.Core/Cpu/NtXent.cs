using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Vectors shorter than this count as zero: no direction, cosine 0, no gradient.</summary>
    const double SmallestNorm = 1e-12;

    /// <summary>Items whose products share one pass over the other side, which then comes from memory once for all of them.</summary>
    const int PairRows = 8;

    /// <summary>
    /// Computed in float64 throughout: B² numbers are few beside the encoders' work, and the loss sets every gradient's quality.
    /// </summary>
    public void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        using var scope = TensorScope.Begin();
        int batch = audio.Shape[0], width = audio.Shape[1];
        UnitRows a = Normalised(audio), t = Normalised(text);
        double* similarity = Products(a.Rows, t.Rows, options.Temperature, audio);

        // G = ∂L/∂S collects both directions: rows are audio to text, columns text to audio.
        double* gradient = Zeros((long)batch * batch, audio);
        double weight = (options.Scale == LossScale.Mean ? 0.5 : 1) / batch;
        double* parts = Zeros(2 * batch, audio);
        var relation = new Relation(options.Positives, clips.Span<int>().ToArray(), texts.Span<int>().ToArray());
        Workers.Run(batch, i => parts[i] = Direction(similarity, gradient, i * (long)batch, 1, i, batch, relation, weight));
        Workers.Run(batch, i => parts[batch + i] = Direction(similarity, gradient, i, batch, i, batch, relation, weight));
        Put(loss, 0, RowMath.Sum(parts, 2 * batch));
        if (dAudio is null || dText is null) return;

        for (long i = 0; i < (long)batch * batch; i++) gradient[i] /= options.Temperature;
        ThroughCosine(gradient, batch, 1, t.Rows, a, dAudio);
        ThroughCosine(gradient, 1, batch, a.Rows, t, dText);
    }

    /// <summary>Vectors divided by their lengths, and the lengths.</summary>
    readonly struct UnitRows
    {
        public double* Rows { get; init; }

        public double* Norms { get; init; }
    }

    /// <summary>The items of a batch that belong together.</summary>
    readonly record struct Relation(Positives Kind, int[] Clips, int[] Texts)
    {
        public bool IsPositive(int i, int j) => i == j || (Kind is Positives.Clip or Positives.SameText && Related(i, j));

        public bool IsDropped(int i, int j) => Kind == Positives.Dropped && i != j && Related(i, j);

        bool Related(int i, int j) => Clips[i] == Clips[j] || (Kind != Positives.Clip && Texts[i] == Texts[j]);
    }

    /// <summary>One item's cross-entropy along a row or column of S; adds its gradient into G and returns its part of the loss.</summary>
    static double Direction(double* s, double* g, long start, long stride, int item, int batch, Relation relation, double weight)
    {
        double maximum = double.NegativeInfinity, sum = 0, positive = 0;
        int positives = 0;
        for (int j = 0; j < batch; j++)
            if (!relation.IsDropped(item, j)) maximum = Math.Max(maximum, s[start + j * stride]);
        for (int j = 0; j < batch; j++)
        {
            if (relation.IsDropped(item, j)) continue;
            sum += Math.Exp(s[start + j * stride] - maximum);
            if (!relation.IsPositive(item, j)) continue;
            positive += s[start + j * stride];
            positives++;
        }
        double logSum = maximum + Math.Log(sum);
        for (int j = 0; j < batch; j++)
        {
            if (relation.IsDropped(item, j)) continue;
            double target = relation.IsPositive(item, j) ? 1.0 / positives : 0;
            g[start + j * stride] += weight * (Math.Exp(s[start + j * stride] - logSum) - target);
        }
        return weight * (logSum - positive / positives);
    }

    /// <summary>∂L/∂x from ∂L/∂x̂ = Σⱼ G·ŷⱼ and x̂ = x/|x|: (∂x̂ − (∂x̂·x̂) x̂)/|x|.</summary>
    static void ThroughCosine(double* g, int rowStride, int columnStride, double* other, UnitRows own, Tensor dx)
    {
        int batch = dx.Shape[0], width = dx.Shape[1];
        Workers.Run((batch + PairRows - 1) / PairRows, part =>
        {
            int first = part * PairRows, count = Math.Min(PairRows, batch - first);
            double* directions = WeightedRows(g, rowStride, columnStride, other, first, count, batch, width);
            for (int i = first; i < first + count; i++, directions += width)
            {
                double* unit = own.Rows + (long)i * width;
                double along = RowMath.Dot(directions, unit, width), inverse = own.Norms[i] < SmallestNorm ? 0 : 1 / own.Norms[i];
                RowMath.AddScaled(unit, -along, directions, width);
                RowMath.Scale(directions, inverse, directions, width);
                Put(dx, (long)i * width, directions, width);
            }
        });
    }

    /// <summary>Σⱼ G·yⱼ of some items, one row for each, in this thread's memory.</summary>
    static double* WeightedRows(double* g, int rowStride, int columnStride, double* other, int first, int count, int batch, int width)
    {
        double* sums = HeadScratch<double>(0, (long)PairRows * width);
        new Span<double>(sums, count * width).Clear();
        for (int j = 0; j < batch; j++)
            for (int i = 0; i < count; i++)
            {
                double factor = g[(long)(first + i) * rowStride + (long)j * columnStride];
                RowMath.AddScaled(other + (long)j * width, factor, sums + i * width, width);
            }
        return sums;
    }

    /// <summary>
    /// aᵢ·tⱼ over a temperature, [B, B], of vectors of the sizes of <paramref name="like"/>. It lies in memory of the innermost scope, as
    /// do the results of the next three.
    /// </summary>
    static double* Products(double* a, double* t, double temperature, Tensor like)
    {
        int batch = like.Shape[0], width = like.Shape[1];
        double* products = Zeros((long)batch * batch, like);
        const int four = 4;
        Workers.Run((batch + PairRows - 1) / PairRows, part =>
        {
            int first = part * PairRows, end = Math.Min(first + PairRows, batch);
            for (int j = 0; j < batch; j++)
            {
                double* y = t + (long)j * width, to = products + j;
                int i = first;
                for (; i <= end - four; i += four)
                {
                    var (d0, d1, d2, d3) = RowMath.FourDots(a + (long)i * width, width, y, width);
                    (to[(long)i * batch], to[(i + 1L) * batch]) = (d0 / temperature, d1 / temperature);
                    (to[(i + 2L) * batch], to[(i + 3L) * batch]) = (d2 / temperature, d3 / temperature);
                }
                for (; i < end; i++) to[(long)i * batch] = RowMath.Dot(a + (long)i * width, y, width) / temperature;
            }
        });
        return products;
    }

    static double* Zeros(long count, Tensor like) => Tensor.Zeros([checked((int)count)], like.Device, DType.Float64).Pointer<double>();

    static double* Doubles(Tensor x)
    {
        double* values = Tensor.Empty(x.Shape, x.Device, DType.Float64).Pointer<double>();
        if (x.DType == DType.Float64) x.Span<double>().CopyTo(new(values, checked((int)x.Count)));
        else
        {
            var source = x.Span<float>();
            for (int i = 0; i < source.Length; i++) values[i] = source[i];
        }
        return values;
    }

    static void Put(Tensor x, int at, double value)
    {
        if (x.DType == DType.Float32) x.Span<float>()[at] = (float)value;
        else x.Span<double>()[at] = value;
    }

    static void Put(Tensor x, long at, double* values, int count)
    {
        if (x.DType == DType.Float64) new Span<double>(values, count).CopyTo(new(x.Pointer<double>() + at, count));
        else
        {
            float* to = x.Pointer<float>() + at;
            for (int i = 0; i < count; i++) to[i] = (float)values[i];
        }
    }

    static UnitRows Normalised(Tensor x)
    {
        int rows = x.Shape[0], width = x.Shape[1];
        double* values = Doubles(x), norms = Zeros(rows, x);
        for (int i = 0; i < rows; i++)
        {
            double* row = values + (long)i * width;
            norms[i] = Math.Sqrt(RowMath.Dot(row, row, width));
            RowMath.Scale(row, norms[i] < SmallestNorm ? 0 : 1 / norms[i], row, width);
        }
        return new() { Rows = values, Norms = norms };
    }
}
