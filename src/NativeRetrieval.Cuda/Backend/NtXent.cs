using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Threads and columns of a block of the columns' soft-max, as kernels/nt_xent.cu has it.</summary>
    const int ColumnThreads = 512, ColumnsPerBlock = 32;

    /// <remarks>
    /// Pairs are looked at in strips of rows that fit <see cref="CudaDeviceOptions.ScoreBytes"/> and hold half of the pairs at most; the
    /// gradient computes them again. Nearly all of the work is products of matrices, which are the library's: it has tensor cores for them.
    /// </remarks>
    public void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        int batch = audio.Shape[0], width = audio.Shape[1], kind = (int)options.Positives;
        float inverse = (float)(1 / options.Temperature), weight = (float)((options.Scale == LossScale.Mean ? 0.5 : 1) / batch);
        int height = (int)Math.Clamp(device.Options.ScoreBytes / sizeof(float) / batch, 1, (batch + 1) / 2);
        using var a = new UnitVectors(this, audio);
        using var t = new UnitVectors(this, text);
        using var strip = Tensor.Empty([height, batch], device);
        using var rowLogSums = Tensor.Empty([batch], device);
        using var rowLosses = Tensor.Empty([batch], device);
        using var positives = Tensor.Empty([batch], device, DType.Int32);
        using var largest = Tensor.Empty([batch], device);
        using var sums = Tensor.Empty([batch], device);
        using var matches = Tensor.Empty([batch], device);
        using var columnLogSums = Tensor.Empty([batch], device);

        int threads = RowThreads(batch);
        foreach (var (first, rows) in Strips(batch, height))
        {
            Cosines(first, rows);
            Launch("nt_xent", "nt_xent_rows_f32", rows, threads, WarpSums(threads),
                F32(strip), clips.Address, texts.Address, kind, inverse, weight, first, F32(rowLogSums), positives.Address, F32(rowLosses),
                batch);
            Launch("nt_xent", "nt_xent_columns_f32", Ceil(batch, ColumnsPerBlock), ColumnThreads, 0,
                F32(strip), clips.Address, texts.Address, kind, inverse, first, rows, F32(largest), F32(sums), F32(matches), batch);
        }
        Launch("nt_xent", "nt_xent_loss_f32", 1, threads, WarpSums(threads),
            F32(rowLosses), F32(largest), F32(sums), F32(matches), positives.Address, weight, F32(columnLogSums), F32(loss), batch);
        if (dAudio is null || dText is null || width == 0) return;

        foreach (var (first, rows) in Strips(batch, height))
        {
            Cosines(first, rows);
            Launch("nt_xent", "nt_xent_gradient_f32", (Ceil(batch, Block), Math.Min(rows, GridLimit), 1), Block, 0,
                F32(strip), F32(rowLogSums), F32(columnLogSums), positives.Address, clips.Address, texts.Address, kind, inverse, weight,
                first, rows, batch);
            Products.Multiply(rows, width, batch, F32(strip), false, F32(t.Units), false, RowOf(dAudio, first), exact: true);
            Products.Multiply(batch, width, rows, F32(strip), true, RowOf(a.Units, first), false, F32(dText), exact: true,
                accumulate: first > 0);
        }
        a.Finish(dAudio);
        t.Finish(dText);

        // Exact whatever the device's options say: a rounded score is multiplied by 1/τ, and every gradient of a model comes through here.
        void Cosines(int first, int rows)
        {
            if (width == 0) device.Clear(strip.Address, strip.SizeBytes);
            else Products.Multiply(rows, batch, width, RowOf(a.Units, first), false, F32(t.Units), true, F32(strip), exact: true);
        }
    }

    static IEnumerable<(int First, int Rows)> Strips(int batch, int height)
    {
        for (int first = 0; first < batch; first += height) yield return (first, Math.Min(height, batch - first));
    }

    /// <summary>Address of a row of float32 values.</summary>
    static nint RowOf(Tensor x, int row) => F32(x) + (nint)row * x.Shape[1] * sizeof(float);

    /// <summary>The vectors of one modality as directions and lengths, and the way of a gradient back through them.</summary>
    sealed class UnitVectors : IDisposable
    {
        readonly CudaBackend _backend;
        readonly Tensor _norms;
        readonly int _threads;

        public UnitVectors(CudaBackend backend, Tensor vectors)
        {
            (_backend, _threads) = (backend, RowThreads(vectors.Shape[1]));
            Units = Tensor.EmptyLike(vectors);
            _norms = Tensor.Empty([vectors.Shape[0]], vectors.Device);
            backend.Launch("nt_xent", "nt_xent_normalize_f32", vectors.Shape[0], _threads, WarpSums(_threads),
                F32(vectors), F32(Units), F32(_norms), vectors.Shape[1]);
        }

        public Tensor Units { get; }

        /// <summary>Makes the gradient of the directions that of the vectors, in place.</summary>
        public void Finish(Tensor gradient) =>
            _backend.Launch("nt_xent", "nt_xent_finish_f32", gradient.Shape[0], _threads, WarpSums(_threads),
                F32(Units), F32(_norms), F32(gradient), gradient.Shape[1]);

        public void Dispose()
        {
            Units.Dispose();
            _norms.Dispose();
        }
    }
}
