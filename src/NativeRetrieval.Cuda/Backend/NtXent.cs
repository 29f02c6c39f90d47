using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Sizes of blocks of items, as kernels/nt_xent.cu has them.</summary>
    const int GradientRows = 32, StatesPerBlock = 32, PartFloats = 4;

    /// <remarks>
    /// The scores of all pairs are one strip where they fit <see cref="CudaDeviceOptions.ScoreBytes"/>, and stay for the gradients, which
    /// take their place. Otherwise they go in strips of rows, which the gradients compute again. Parts of the soft-max take 13 % of the
    /// memory of a strip of 64 rows or more beside it.
    /// </remarks>
    public void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio,
        Tensor? dText)
    {
        int batch = audio.Shape[0], width = audio.Shape[1], kind = (int)options.Positives;
        float inverse = (float)(1 / options.Temperature), weight = (float)((options.Scale == LossScale.Mean ? 0.5 : 1) / batch);
        int stride = checked((batch + 3) / 4 * 4), across = Ceil(batch, ProductColumns);
        int height = (int)Math.Clamp(device.Options.ScoreBytes / sizeof(float) / stride, 1, batch);
        using var inverses = Tensor.Empty([2, batch], device);
        using var strip = Tensor.Empty([height, stride], device);
        using var states = Tensor.Empty([2, batch, PartFloats], device);
        using (var rowParts = Tensor.Empty([across, height, PartFloats], device))
        using (var columnParts = Tensor.Empty([Ceil(height, ProductRows), batch, PartFloats], device))
            foreach (var (first, rows) in Strips(batch, height))
            {
                Scores(first, rows, F32(rowParts), F32(columnParts));
                Launch("nt_xent", "nt_xent_merge_f32", Ceil(rows, StatesPerBlock) + Ceil(batch, StatesPerBlock), Block, 0,
                    F32(rowParts), F32(columnParts), first, rows, F32(states), batch);
            }
        if (dAudio is null || dText is null || width == 0)
        {
            Launch("nt_xent", "nt_xent_loss_f32", 1, Block, 0, F32(states), weight, F32(loss), batch);
            return;
        }

        using var rowAlong = Tensor.Empty([across, height], device);
        using var columnAlong = Tensor.Empty([Ceil(height, GradientRows), batch], device);
        foreach (var (first, rows) in Strips(batch, height))
        {
            if (height < batch) Scores(first, rows, 0, 0);
            Launch("nt_xent", "nt_xent_gradient_f32", (across, Ceil(rows, GradientRows) + 1, 1), Block, 0,
                F32(strip), F32(inverses), F32(states), clips.Address, texts.Address, kind, inverse, weight, first, rows, stride,
                F32(rowAlong), F32(columnAlong), first == 0 ? F32(loss) : 0, batch);
            Launch("nt_xent", "nt_xent_products_f32", (Ceil(width, ProductColumns), Ceil(batch, ProductRows), 2), Block, ProductBytes,
                F32(strip), F32(audio), F32(text), F32(inverses), F32(rowAlong), F32(columnAlong), first, rows, stride, F32(dAudio),
                F32(dText), batch, width);
        }

        // Never rounded to TF32 or bfloat16 alone: a score is multiplied by 1/τ, and every gradient of a model comes through here.
        void Scores(int first, int rows, nint rowParts, nint columnParts) =>
            Launch("nt_xent", "nt_xent_scores_f32", (across, Ceil(rows, ProductRows), 1), Block, ProductBytes,
                F32(audio), F32(text), clips.Address, texts.Address, kind, inverse, first, rows, stride, F32(strip), F32(inverses),
                rowParts, columnParts, batch, width);
    }

    static IEnumerable<(int First, int Rows)> Strips(int batch, int height)
    {
        for (int first = 0; first < batch; first += height) yield return (first, Math.Min(height, batch - first));
    }
}
