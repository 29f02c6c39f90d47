using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Sizes of tiles and of blocks of items, as kernels/nt_xent.cu has them.</summary>
    const int ScoreRows = 32, ScoreColumns = 128, ItemsPerBlock = 8, StatesPerBlock = 32, PartFloats = 4, GradientTile = 32;

    /// <summary>
    /// Floats of a score with its gradient, which is split by rows and by columns; without a split it takes the score's place.
    /// </summary>
    const int SplitScoreFloats = 1 + 2 * TripledProduct.Parts;

    /// <remarks>
    /// The scores of all pairs are one strip where they and their gradients fit <see cref="CudaDeviceOptions.ScoreBytes"/>, and stay for
    /// these. Otherwise they go in strips of rows, which the gradient computes again. Nearly all of the work is products of matrices,
    /// which are the library's: of operands that the kernels split for the tensor cores where that is allowed. Parts of the soft-max take
    /// 16 % of the memory of a strip of 32 rows or more beside it.
    /// </remarks>
    public void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        int batch = audio.Shape[0], width = audio.Shape[1], kind = (int)options.Positives;
        float inverse = (float)(1 / options.Temperature), weight = (float)((options.Scale == LossScale.Mean ? 0.5 : 1) / batch);
        // Never rounded to TF32 or bfloat16: a score is multiplied by 1/τ, and every gradient of a model comes through here.
        bool splits = width > 0 && Algorithms.MaySplit(device.Options.ScoreBytes);
        bool wanted = dAudio is not null && dText is not null && width > 0;
        long perScore = sizeof(float) * (splits && wanted ? SplitScoreFloats : 1);
        int height = (int)Math.Clamp(device.Options.ScoreBytes / perScore / batch, 1, batch);
        using var parts = splits ? Tensor.Empty([2 * batch, TripledProduct.Parts * width], device) : null;
        using var inverses = Tensor.Empty([2, batch], device);
        using var strip = Tensor.Empty([height, batch], device);
        using var rowParts = Tensor.Empty([Ceil(batch, ScoreColumns), height, PartFloats], device);
        using var columnParts = Tensor.Empty([Ceil(height, ScoreRows), batch, PartFloats], device);
        using var states = Tensor.Empty([2, batch, PartFloats], device);
        using var logSums = Tensor.Empty([2, batch], device);
        using var shares = Tensor.Empty([2, batch], device);

        Launch("nt_xent", "nt_xent_norms_f32", Ceil(2L * batch, ItemsPerBlock), Block, 0,
            F32(audio), F32(text), F32(inverses), F32OrNull(parts), batch, width);
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
        if (!wanted) return;

        using var products = Tensor.Empty([2, batch, width], device);
        using var split = splits ? Tensor.Empty([2, height, TripledProduct.Parts * batch], device) : null;
        foreach (var (first, rows) in Strips(batch, height))
        {
            if (height < batch) Scores(first, rows);
            nint splitRows = F32OrNull(split);
            long columnsAt = (long)height * TripledProduct.Parts * batch;
            Launch("nt_xent", "nt_xent_gradient_f32", (Ceil(batch, GradientTile), Ceil(rows, GradientTile), 1), Block, 0,
                F32(strip), F32(inverses), F32(logSums), F32(shares), clips.Address, texts.Address, kind, inverse, weight, first, rows,
                splitRows, columnsAt, batch);
            nint ofRows = F32(products) + (nint)first * width * sizeof(float), ofColumns = F32(products) + (nint)products.SizeBytes / 2;
            if (split is null)
            {
                Products.Multiply(rows, width, batch, F32(strip), false, F32(text), false, ofRows, exact: true);
                Products.Multiply(batch, width, rows, F32(strip), true, RowOf(audio, first), false, ofColumns, exact: true,
                    accumulate: first > 0);
            }
            else if (rows == batch) Products.MultiplySplit(batch, width, batch, splitRows, PartsOf(0, 0), false, ofRows, products: 2);
            else
            {
                Products.MultiplySplit(rows, width, batch, splitRows, PartsOf(0, 0), false, ofRows);
                Products.MultiplySplit(batch, width, rows, splitRows + (nint)columnsAt * sizeof(float), PartsOf(1, first), false, ofColumns,
                    accumulate: first > 0);
            }
        }
        Launch("nt_xent", "nt_xent_finish_f32", Ceil(2L * batch, ItemsPerBlock), Block, 0,
            F32(audio), F32(text), F32(inverses), F32(products), F32(dAudio!), F32(dText!), batch, width);

        void Scores(int first, int rows)
        {
            if (width == 0) device.Clear(strip.Address, strip.SizeBytes);
            else if (splits) Products.MultiplySplit(rows, batch, width, PartsOf(1, first), PartsOf(0, 0), true, F32(strip));
            else Products.Multiply(rows, batch, width, RowOf(audio, first), false, F32(text), true, F32(strip), exact: true);
        }

        // Parts of t (0) or a (1) from an item on.
        nint PartsOf(int which, int item) => RowOf(parts!, which * batch + item);
    }

    static IEnumerable<(int First, int Rows)> Strips(int batch, int height)
    {
        for (int first = 0; first < batch; first += height) yield return (first, Math.Min(height, batch - first));
    }

    /// <summary>Address of a row of float32 values.</summary>
    static nint RowOf(Tensor x, int row) => F32(x) + (nint)row * x.Shape[1] * sizeof(float);
}
