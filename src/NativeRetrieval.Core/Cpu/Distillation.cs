using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Losses;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Computed in float64 throughout, as <see cref="NtXent"/> is.</summary>
    public void Distillation(Tensor audio, Tensor text, Tensor teacher, DistillationOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        using var scope = TensorScope.Begin();
        int batch = audio.Shape[0];
        double* a = Doubles(audio), t = Doubles(text), scores = Room((long)batch * batch, audio);
        Similarities(a, t, audio, scores);
        var pairs = new PairDistillation
        {
            Own = new(scores, batch, Room(2 * batch, audio)),
            Teacher = new(Doubles(teacher), batch, Room(2 * batch, audio)),
            Batch = batch,
            Parts = Room(batch, audio),
            Temperature = options.Temperature,
            TeacherTemperature = options.TeacherTemperature,
            Weight = WeightOfItem(options.Scale, batch),
        };
        RowSlices.Run(batch, batch, pairs, static (pairs, first, end) => pairs.Rows(first, end));
        RowSlices.RunColumns(batch, pairs, static (pairs, first, end) =>
        {
            pairs.Own.AddUpColumns(first, end);
            pairs.Teacher.AddUpColumns(first, end);
        });
        bool wanted = dAudio is not null && dText is not null;
        RowSlices.Run(batch, batch, (pairs, wanted), static (s, first, end) => s.pairs.Finish(first, end, s.wanted));
        Put(loss, 0, RowMath.Sum(pairs.Parts, batch));
        if (!wanted) return;

        var gradient = new MatrixView<double>(scores, batch);
        double* sums = Room(audio.Count, audio);
        WeightedRows(gradient, t, sums, dAudio!);
        WeightedRows(gradient.Transposed, a, sums, dText!);
    }

    /// <summary>dxᵢ = Σⱼ G·yⱼ.</summary>
    /// <param name="sums">Room for them in float64.</param>
    static void WeightedRows(MatrixView<double> g, double* other, double* sums, Tensor dx)
    {
        int batch = dx.Shape[0], width = dx.Shape[1];
        PackedGemm.Run(batch, width, batch, g, new(other, width), sums, width);
        Slices.Run(dx.Count, (sums: (nint)sums, dx), static (s, start, length) => Put(s.dx, start, (double*)s.sums + start, length));
    }
}
