using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
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
        double* a = Doubles(audio), t = Doubles(text), r = Doubles(teacher);
        double* s = Products(a, t, options.Temperature, audio);
        for (long i = 0; i < (long)batch * batch; i++) r[i] /= options.TeacherTemperature;

        // G = ∂L/∂S collects both directions: rows are audio to text, columns text to audio.
        double* gradient = Zeros((long)batch * batch, audio);
        double* parts = Zeros(2 * batch, audio);
        double weight = (options.Scale == LossScale.Mean ? 0.5 : 1) / batch;
        Workers.Run(batch, i => parts[i] = AgainstTeacher(s, r, gradient, i * (long)batch, 1, batch, weight));
        Workers.Run(batch, i => parts[batch + i] = AgainstTeacher(s, r, gradient, i, batch, batch, weight));
        Put(loss, 0, RowMath.Sum(parts, 2 * batch));
        if (dAudio is null || dText is null) return;

        for (long i = 0; i < (long)batch * batch; i++) gradient[i] /= options.Temperature;
        WeightedRows(gradient, batch, 1, t, dAudio);
        WeightedRows(gradient, 1, batch, a, dText);
    }

    /// <summary>One item's cross-entropy along a row or column; adds its gradient into G and returns its part of the loss.</summary>
    static double AgainstTeacher(double* s, double* r, double* g, long start, long stride, int batch, double weight)
    {
        double ownSum = LogSum(s, start, stride, batch), teachersSum = LogSum(r, start, stride, batch), expected = 0;
        for (long j = 0, at = start; j < batch; j++, at += stride)
        {
            double target = Math.Exp(r[at] - teachersSum);
            expected += target * s[at];
            g[at] += weight * (Math.Exp(s[at] - ownSum) - target);
        }
        return weight * (ownSum - expected);
    }

    /// <summary>log Σ e^x along a row or column, against its maximum.</summary>
    static double LogSum(double* x, long start, long stride, int count)
    {
        double maximum = double.NegativeInfinity, sum = 0;
        for (long j = 0, at = start; j < count; j++, at += stride) maximum = Math.Max(maximum, x[at]);
        for (long j = 0, at = start; j < count; j++, at += stride) sum += Math.Exp(x[at] - maximum);
        return maximum + Math.Log(sum);
    }

    /// <summary>dxᵢ = Σⱼ G·yⱼ.</summary>
    static void WeightedRows(double* g, int rowStride, int columnStride, double* other, Tensor dx)
    {
        int batch = dx.Shape[0], width = dx.Shape[1];
        Workers.Run((batch + PairRows - 1) / PairRows, part =>
        {
            int first = part * PairRows, count = Math.Min(PairRows, batch - first);
            Put(dx, (long)first * width, WeightedRows(g, rowStride, columnStride, other, first, count, batch, width), count * width);
        });
    }
}
