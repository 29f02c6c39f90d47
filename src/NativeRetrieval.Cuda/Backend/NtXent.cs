using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Sizes of tiles and of blocks of items, as kernels/nt_xent.cu has them.</summary>
    const int ScoreRows = 32, ScoreColumns = 128, ItemsPerBlock = 8, StatesPerBlock = 32, PartFloats = 4;

    /// <summary>Rows that a thread of the gradient takes, where the strip has them: what it knows of its column is read once.</summary>
    const int GradientRows = 16;

    /// <remarks>
    /// The scores of all pairs are one strip where they fit <see cref="CudaDeviceOptions.ScoreBytes"/>, and stay for the gradient.
    /// Otherwise they go in strips of rows, which the gradient computes again. Nearly all of the work is products of matrices, which are
    /// the library's. Parts of the soft-max take 16 % of the memory of a strip of 32 rows or more beside it.
    /// </remarks>
    public void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        int batch = audio.Shape[0], width = audio.Shape[1], kind = (int)options.Positives;
        float inverse = (float)(1 / options.Temperature), weight = (float)((options.Scale == LossScale.Mean ? 0.5 : 1) / batch);
        int height = (int)Math.Clamp(device.Options.ScoreBytes / sizeof(float) / batch, 1, batch);
        using var inverses = Tensor.Empty([2, batch], device);
        using var strip = Tensor.Empty([height, batch], device);
        using var rowParts = Tensor.Empty([Ceil(batch, ScoreColumns), height, PartFloats], device);
        using var columnParts = Tensor.Empty([Ceil(height, ScoreRows), batch, PartFloats], device);
        using var states = Tensor.Empty([2, batch, PartFloats], device);
        using var logSums = Tensor.Empty([2, batch], device);
        using var shares = Tensor.Empty([2, batch], device);

        Launch("nt_xent", "nt_xent_norms_f32", Ceil(2L * batch, ItemsPerBlock), Block, 0,
            F32(audio), F32(text), F32(inverses), batch, width);
        foreach (var (first, rows) in Strips(batch, height))
        {
            Scores(first, rows);
            Launch("nt_xent", "nt_xent_tiles_f32", (Ceil(batch, ScoreColumns), Ceil(rows, ScoreRows), 1), Block, 0,
                F32(strip), F32(inverses), clips.Address, texts.Address, kind, inverse, first, rows, F32(rowParts), F32(columnParts),
                batch);
            Launch("nt_xent", "nt_xent_merge_f32", Ceil(rows, StatesPerBlock) + Ceil(batch, StatesPerBlock), Block, 0,
                F32(rowParts), F32(columnParts), first, rows, F32(states), batch);
        }
        int threads = RowThreads(2 * batch);
        Launch("nt_xent", "nt_xent_loss_f32", 1, threads, WarpSums(threads),
            F32(states), weight, F32(logSums), F32(shares), F32(loss), batch);
        if (dAudio is null || dText is null || width == 0) return;

        foreach (var (first, rows) in Strips(batch, height))
        {
            if (height < batch) Scores(first, rows);
            Launch("nt_xent", "nt_xent_gradient_f32", (Ceil(batch, Block), Math.Min(Ceil(rows, GradientRows), GridLimit), 1), Block, 0,
                F32(strip), F32(inverses), F32(logSums), F32(shares), clips.Address, texts.Address, kind, inverse, weight, first, rows,
                batch);
            Products.Multiply(rows, width, batch, F32(strip), false, F32(text), false, RowOf(dAudio, first), exact: true);
            Products.Multiply(batch, width, rows, F32(strip), true, RowOf(audio, first), false, F32(dText), exact: true,
                accumulate: first > 0);
        }
        Launch("nt_xent", "nt_xent_finish_f32", Ceil(2L * batch, ItemsPerBlock), Block, 0,
            F32(audio), F32(text), F32(inverses), F32(dAudio), F32(dText), batch, width);

        // Exact whatever the device's options say: a rounded score is multiplied by 1/τ, and every gradient of a model comes through here.
        void Scores(int first, int rows)
        {
            if (width == 0) device.Clear(strip.Address, strip.SizeBytes);
            else Products.Multiply(rows, batch, width, RowOf(audio, first), false, F32(text), true, F32(strip), exact: true);
        }
    }

    static IEnumerable<(int First, int Rows)> Strips(int batch, int height)
    {
        for (int first = 0; first < batch; first += height) yield return (first, Math.Min(height, batch - first));
    }

    /// <summary>Address of a row of float32 values.</summary>
    static nint RowOf(Tensor x, int row) => F32(x) + (nint)row * x.Shape[1] * sizeof(float);
}
