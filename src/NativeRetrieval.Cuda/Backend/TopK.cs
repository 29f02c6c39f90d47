using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void TopK(Tensor scores, Tensor values, Tensor indices)
    {
        if (values.Count == 0) return;
        int width = scores.Shape[1];
        using var selection = new TopKSelection(this, scores.Shape[0], values.Shape[1]);
        selection.Add(F32(scores), width, width);
        selection.Rank(F32(scores), width, values, indices);
    }

    /// <summary>
    /// The k best of each row among the scores added so far, as keys of score and place (kernels/top_k.cu). A long row is cut into
    /// segments, a block chooses k in each, and what is left is chosen from again until a row is one segment.
    /// </summary>
    /// <param name="k">At least 1.</param>
    sealed class TopKSelection(CudaBackend backend, int rows, int k) : IDisposable
    {
        /// <summary>Threads of a block that chooses, as in kernels/top_k.cu.</summary>
        const int Threads = 512;

        /// <summary>Fewer scores than this are not worth a block of their own.</summary>
        const int SmallestSegment = 4 * Threads;

        /// <summary>A segment is this many times k, so that each choice leaves at most a few eighths.</summary>
        const int ScoresPerKept = 8;

        /// <summary>So few keys are put in order without choosing among them first.</summary>
        const int MostRanked = Threads;

        /// <summary>Blocks for each multiprocessor; rows are not cut further.</summary>
        const int BlocksWanted = 4;

        Tensor? _best;

        /// <summary>Offers scores to every row; several calls may follow each other.</summary>
        /// <param name="scores">[rows, <paramref name="count"/>], float32, the next row after <paramref name="width"/>.</param>
        /// <param name="firstPlace">Place of the first score of each row: places of all calls differ.</param>
        /// <param name="excluded">
        /// int64 words: bit r % 64 of word r / 64 is set where place r must not be chosen. Missing words exclude nothing.
        /// </param>
        public void Add(nint scores, long width, int count, int firstPlace = 0, Tensor? excluded = null)
        {
            var (segment, segments, kept) = Split(count);
            int before = _best is null ? 0 : k, held = checked(before + segments * kept);
            var keys = NewKeys(held);
            if (before > 0) Select(_best!, k, k, 1, k, keys);
            backend.Launch("top_k", "top_k_scores_f32", checked(rows * segments), Threads, 0,
                scores, width, count, firstPlace, IntsOrNull(excluded), checked((int)(2 * (excluded?.Count ?? 0))), segment, segments, kept,
                keys.Address + before * sizeof(long), (long)held);
            if (segments > 1 || before > 0)
            {
                var left = Reduced(keys);
                keys.Dispose();
                keys = left;
            }
            _best?.Dispose();
            _best = keys;
        }

        /// <summary>The address of the k best keys so far, in no order: [rows, k].</summary>
        public nint Keys => _best!.Address;

        /// <summary>Writes the best in order: −∞ and −1 where a row has fewer than k.</summary>
        /// <param name="scores">Scores whose bits the values take; 0: from the keys, which have one NaN and one 0.</param>
        /// <param name="width">From one row of scores to the next.</param>
        public void Rank(nint scores, long width, Tensor values, Tensor indices) => Rank(_best!, scores, width, values, indices);

        /// <summary>Writes the best of keys, k or more to a row, in order: −∞ and −1 for those that are 0.</summary>
        /// <param name="keys">[rows, ·], int64.</param>
        public void Rank(Tensor keys, Tensor values, Tensor indices)
        {
            using var best = keys.Shape[1] > MostRanked ? Reduced(keys) : null;
            Rank(best ?? keys, 0, 0, values, indices);
        }

        void Rank(Tensor keys, nint scores, long width, Tensor values, Tensor indices)
        {
            int count = keys.Shape[1], threads = Math.Min(Block, Ceil(count, Warp) * Warp), blocks = Ceil(count, threads);
            backend.Launch("top_k", "top_k_ranks_f32", checked(rows * blocks), threads, 0,
                keys.Address, count, k, blocks, scores, width, F32(values), indices.Address);
        }

        public void Dispose() => _best?.Dispose();

        /// <summary>The k best of each row of keys.</summary>
        Tensor Reduced(Tensor keys)
        {
            for (var source = keys; ;)
            {
                var (segment, segments, kept) = Split(source.Shape[1]);
                var left = NewKeys(segments * kept);
                Select(source, source.Shape[1], segment, segments, kept, left);
                if (source != keys) source.Dispose();
                if (segments == 1) return left;
                source = left;
            }
        }

        void Select(Tensor source, int count, int segment, int segments, int kept, Tensor target) =>
            backend.Launch("top_k", "top_k_keys_f32", checked(rows * segments), Threads, 0,
                source.Address, (long)source.Shape[1], count, segment, segments, kept, target.Address, (long)target.Shape[1]);

        /// <summary>A row of so many scores or keys: the length of its segments, their number, and how many are kept of each.</summary>
        (int Segment, int Segments, int Kept) Split(int count)
        {
            int wanted = Math.Max(1, BlocksWanted * backend.Multiprocessors / rows);
            int smallest = (int)Math.Min(int.MaxValue, Math.Max(SmallestSegment, (long)ScoresPerKept * k));
            int segments = Math.Max(1, Ceil(count, Math.Max(smallest, Ceil(count, wanted))));
            int segment = Ceil(count, segments);
            return (segment, segments, segments == 1 ? k : Math.Min(k, segment));
        }

        Tensor NewKeys(int perRow) => Tensor.Empty([rows, perRow], backend.Device, DType.Int64);
    }
}
