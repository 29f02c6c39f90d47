using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Losses;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
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
        int batch = audio.Shape[0];
        UnitRows a = Normalised(audio), t = Normalised(text);
        double* scores = Room((long)batch * batch, audio);
        Similarities(a.Rows, t.Rows, audio, scores);
        var pairs = new PairCrossEntropy
        {
            Softmax = new(scores, batch, Room(2 * batch, audio)),
            Relation = new(options.Positives, clips.Pointer<int>(), texts.Pointer<int>(), batch),
            Shares = Room(batch, audio),
            Parts = Room(batch, audio),
            Temperature = options.Temperature,
            Weight = WeightOfItem(options.Scale, batch),
        };
        RowSlices.Run(batch, batch, pairs, static (pairs, first, end) => pairs.Rows(first, end));
        RowSlices.RunColumns(batch, pairs.Softmax, static (softmax, first, end) => softmax.AddUpColumns(first, end));
        bool wanted = dAudio is not null && dText is not null;
        RowSlices.Run(batch, batch, (pairs, wanted), static (s, first, end) => s.pairs.Finish(first, end, s.wanted));
        Put(loss, 0, RowMath.Sum(pairs.Parts, batch));
        if (!wanted) return;

        var gradient = new MatrixView<double>(scores, batch);
        double* directions = Room(audio.Count, audio);
        ThroughCosine(gradient, t.Rows, a, directions, dAudio!);
        ThroughCosine(gradient.Transposed, a.Rows, t, directions, dText!);
    }

    static double WeightOfItem(LossScale scale, int batch) => (scale == LossScale.Mean ? 0.5 : 1) / batch;

    /// <summary>Vectors divided by their lengths, and the lengths.</summary>
    readonly struct UnitRows
    {
        public double* Rows { get; init; }

        public double* Norms { get; init; }
    }

    /// <summary>∂L/∂x from ∂L/∂x̂ = Σⱼ G·ŷⱼ and x̂ = x/|x|: (∂x̂ − (∂x̂·x̂) x̂)/|x|.</summary>
    /// <param name="directions">Room for ∂L/∂x̂.</param>
    static void ThroughCosine(MatrixView<double> g, double* other, UnitRows own, double* directions, Tensor dx)
    {
        int batch = dx.Shape[0], width = dx.Shape[1];
        PackedGemm.Run(batch, width, batch, g, new(other, width), directions, width);
        RowSlices.Run(batch, width, (directions: (nint)directions, own, dx), static (s, first, end) =>
        {
            int width = s.dx.Shape[1];
            for (int i = first; i < end; i++)
            {
                double* direction = (double*)s.directions + (long)i * width, unit = s.own.Rows + (long)i * width;
                double along = RowMath.Dot(direction, unit, width), inverse = s.own.Norms[i] < SmallestNorm ? 0 : 1 / s.own.Norms[i];
                RowMath.AddScaled(unit, -along, direction, width);
                RowMath.Scale(direction, inverse, direction, width);
                Put(s.dx, (long)i * width, direction, width);
            }
        });
    }

    /// <summary>aᵢ·tⱼ, [B, B], of vectors of the sizes of <paramref name="like"/>.</summary>
    static void Similarities(double* a, double* t, Tensor like, double* products)
    {
        int batch = like.Shape[0], width = like.Shape[1];
        PackedGemm.Run(batch, batch, width, new(a, width), new MatrixView<double>(t, width).Transposed, products, batch);
    }

    /// <summary>Uninitialised memory of the innermost scope, as are the results of the next ones.</summary>
    static double* Room(long count, Tensor like) => Tensor.Empty([checked((int)count)], like.Device, DType.Float64).Pointer<double>();

    static double* Doubles(Tensor x)
    {
        var values = Tensor.Empty(x.Shape, x.Device, DType.Float64);
        Slices.Run(x.Count, (x, values), static (s, start, length) =>
        {
            var target = s.values.Span<double>().Slice((int)start, length);
            if (s.x.DType == DType.Float64) s.x.Span<double>().Slice((int)start, length).CopyTo(target);
            else
            {
                var source = s.x.Span<float>().Slice((int)start, length);
                for (int i = 0; i < source.Length; i++) target[i] = source[i];
            }
        });
        return values.Pointer<double>();
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
        var unit = new UnitRows { Rows = Doubles(x), Norms = Room(x.Shape[0], x) };
        RowSlices.Run(x.Shape[0], x.Shape[1], (unit, x), static (s, first, end) =>
        {
            int width = s.x.Shape[1];
            for (int i = first; i < end; i++)
            {
                double* row = s.unit.Rows + (long)i * width;
                double norm = s.unit.Norms[i] = Math.Sqrt(RowMath.Dot(row, row, width));
                RowMath.Scale(row, norm < SmallestNorm ? 0 : 1 / norm, row, width);
            }
        });
        return unit;
    }
}
