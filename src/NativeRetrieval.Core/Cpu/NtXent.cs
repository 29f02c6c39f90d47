using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Vectors shorter than this count as zero: no direction, cosine 0, no gradient.</summary>
    const double SmallestNorm = 1e-12;

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
        double total = 0;
        var relation = new Relation(options.Positives, clips.Span<int>().ToArray(), texts.Span<int>().ToArray());
        for (int i = 0; i < batch; i++) total += Direction(similarity, gradient, i * (long)batch, 1, i, batch, relation, weight);
        for (int i = 0; i < batch; i++) total += Direction(similarity, gradient, i, batch, i, batch, relation, weight);
        Put(loss, 0, total);
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
        Workers.Run(batch, i =>
        {
            double* direction = WeightedRow(g, rowStride, columnStride, other, i, batch, width), unit = own.Rows + (long)i * width;
            double along = Dot(new(direction, width), new(unit, width)), inverse = own.Norms[i] < SmallestNorm ? 0 : 1 / own.Norms[i];
            for (int d = 0; d < width; d++) Put(dx, i * width + d, (direction[d] - along * unit[d]) * inverse);
        });
    }

    /// <summary>Σⱼ G·yⱼ of item i, in this thread's memory.</summary>
    static double* WeightedRow(double* g, int rowStride, int columnStride, double* other, int i, int batch, int width)
    {
        double* sum = HeadScratch<double>(0, width);
        new Span<double>(sum, width).Clear();
        for (int j = 0; j < batch; j++)
        {
            double scale = g[(long)i * rowStride + (long)j * columnStride];
            double* row = other + (long)j * width;
            for (int d = 0; d < width; d++) sum[d] += scale * row[d];
        }
        return sum;
    }

    /// <summary>
    /// aᵢ·tⱼ over a temperature, [B, B], of vectors of the sizes of <paramref name="like"/>. It lies in memory of the innermost scope, as
    /// do the results of the next three.
    /// </summary>
    static double* Products(double* a, double* t, double temperature, Tensor like)
    {
        int batch = like.Shape[0], width = like.Shape[1];
        double* products = Zeros((long)batch * batch, like);
        Workers.Run(batch, i =>
        {
            for (int j = 0; j < batch; j++)
                products[(long)i * batch + j] = Dot(new(a + (long)i * width, width), new(t + (long)j * width, width)) / temperature;
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

    static UnitRows Normalised(Tensor x)
    {
        int rows = x.Shape[0], width = x.Shape[1];
        double* values = Doubles(x), norms = Zeros(rows, x);
        for (int i = 0; i < rows; i++)
        {
            var row = new Span<double>(values + (long)i * width, width);
            norms[i] = Math.Sqrt(Dot(row, row));
            double inverse = norms[i] < SmallestNorm ? 0 : 1 / norms[i];
            for (int d = 0; d < width; d++) row[d] *= inverse;
        }
        return new() { Rows = values, Norms = norms };
    }

    static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        int i = 0;
        for (; i + 4 <= a.Length; i += 4)
        {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < a.Length; i++) s0 += a[i] * b[i];
        return s0 + s1 + (s2 + s3);
    }
}
