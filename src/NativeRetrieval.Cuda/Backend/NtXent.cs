using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void NtXent(Tensor audio, Tensor text, Tensor clips, Tensor texts, NtXentOptions options, Tensor loss, Tensor? dAudio, Tensor? dText)
    {
        int batch = audio.Shape[0], width = audio.Shape[1], threads = RowThreads(width), warps = threads / Warp;
        int kind = (int)options.Positives;
        float inverse = (float)(1 / options.Temperature), weight = (float)((options.Scale == LossScale.Mean ? 0.5 : 1) / batch);
        using var rows = new Side(audio);
        using var columns = new Side(text);
        using var positives = Tensor.Empty([batch], device, DType.Int32);
        foreach (var side in (Side[])[rows, columns])
            Launch("nt_xent", "nt_xent_normalize_f32", batch, threads, WarpSums(threads), F32(side.Vectors), F32(side.Units), F32(side.Norms), width);
        foreach (var (own, other) in ((Side, Side)[])[(rows, columns), (columns, rows)])
            Launch("nt_xent", "nt_xent_forward_f32", batch, threads, 0, F32(own.Units), F32(other.Units), clips.Address, texts.Address, kind, inverse, weight,
                F32(own.LogSums), positives.Address, F32(own.Losses), batch, width);
        Launch("nt_xent", "nt_xent_loss_f32", 1, Block, WarpSums(Block), F32(rows.Losses), F32(columns.Losses), F32(loss), batch);
        if (dAudio is null || dText is null) return;
        foreach (var (own, other, gradient) in ((Side, Side, Tensor)[])[(rows, columns, dAudio), (columns, rows, dText)])
            Launch("nt_xent", "nt_xent_backward_f32", batch, threads, (width + 2 * warps) * sizeof(float), F32(own.Units), F32(own.Norms), F32(own.LogSums),
                F32(other.Units), F32(other.LogSums), positives.Address, clips.Address, texts.Address, kind, inverse, weight, F32(gradient), batch, width);
    }

    /// <summary>The vectors of one modality and what is kept of each: direction, length, logarithm of its soft-max's sum, share of the loss.</summary>
    sealed class Side(Tensor vectors) : IDisposable
    {
        public Tensor Vectors => vectors;

        public Tensor Units { get; } = Tensor.EmptyLike(vectors);

        public Tensor Norms { get; } = PerVector(vectors);

        public Tensor LogSums { get; } = PerVector(vectors);

        public Tensor Losses { get; } = PerVector(vectors);

        public void Dispose()
        {
            foreach (var tensor in (Tensor[])[Units, Norms, LogSums, Losses]) tensor.Dispose();
        }

        static Tensor PerVector(Tensor vectors) => Tensor.Empty([vectors.Shape[0]], vectors.Device);
    }
}
