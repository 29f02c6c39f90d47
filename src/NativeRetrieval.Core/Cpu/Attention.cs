using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Attention(Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor y)
    {
        ExpectSentences(starts, qkv.Shape[0], sizes.Tokens);
        if (qkv.DType == DType.Float32) Attention<float>(qkv, starts, sizes, y);
        else Attention<double>(qkv, starts, sizes, y);
    }

    static void Attention<T>(Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        ClearRows(y, starts.Pointer<int>()[starts.Shape[0] - 1]);
        Workers.Run((starts.Shape[0] - 1) * sizes.Heads, (qkv, starts, sizes, y), static (s, head) =>
        {
            var sizes = s.sizes;
            var (queries, keys, values) = Heads<T>.Three(s.qkv, sizes.Heads);
            var target = Heads<T>.Of(s.y, 0, 1, sizes.Heads);
            int* start = s.starts.Pointer<int>();
            int first = start[head / sizes.Heads], tokens = start[head / sizes.Heads + 1] - first;
            T* p = Weights(queries, keys, head, first, tokens);
            DropWeights(p, tokens, head, sizes, p);
            PackedGemm.Run(tokens, target.Width, tokens, new(p, tokens), values.Matrix(head, first), target.First(head, first),
                target.RowStride);
        });
    }

    public void AttentionBackward(Tensor dy, Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor dqkv)
    {
        if (qkv.DType == DType.Float32) Run<float>(dy, qkv, starts, sizes, dqkv);
        else Run<double>(dy, qkv, starts, sizes, dqkv);

        static void Run<T>(Tensor dy, Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor dqkv)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            var upstream = Heads<T>.Of(dy, 0, 1, sizes.Heads);
            var (queries, keys, values) = Heads<T>.Three(qkv, sizes.Heads);
            var (dQueries, dKeys, dValues) = Heads<T>.Three(dqkv, sizes.Heads);
            int width = upstream.Width;
            T scale = Scale<T>(width);
            int* start = starts.Pointer<int>();
            ClearRows(dqkv, start[starts.Shape[0] - 1]);
            Workers.Run((starts.Shape[0] - 1) * sizes.Heads, head =>
            {
                int first = start[head / sizes.Heads], tokens = start[head / sizes.Heads + 1] - first;
                long square = (long)tokens * tokens;
                T* p = Weights(queries, keys, head, first, tokens), dropped = p, dp = HeadScratch<T>(1, square);
                if (sizes.Probability > 0) DropWeights(p, tokens, head, sizes, dropped = HeadScratch<T>(2, square));

                // dV = dropped(P)ᵀ·dY; dP = dropped(dY·Vᵀ); dS = P·(dP − Σ dP·P)/√D; dQ = dS·K; dK = dSᵀ·Q.
                PackedGemm.Run(tokens, width, tokens, new MatrixView<T>(dropped, tokens).Transposed, upstream.Matrix(head, first),
                    dValues.First(head, first), dValues.RowStride);
                PackedGemm.Run(tokens, tokens, width, upstream.Matrix(head, first), values.Matrix(head, first).Transposed, dp, tokens);
                DropWeights(dp, tokens, head, sizes, dp);
                for (int query = 0; query < tokens; query++)
                    SoftmaxRowBackward(dp + (long)query * tokens, p + (long)query * tokens, scale, dp + (long)query * tokens, tokens);
                PackedGemm.Run(tokens, width, tokens, new(dp, tokens), keys.Matrix(head, first), dQueries.First(head, first),
                    dQueries.RowStride);
                PackedGemm.Run(tokens, width, tokens, new MatrixView<T>(dp, tokens).Transposed, queries.Matrix(head, first),
                    dKeys.First(head, first), dKeys.RowStride);
            });
        }
    }

    /// <summary>Zeros from a row on.</summary>
    static void ClearRows(Tensor x, int first)
    {
        using var rest = x.Rows(first, x.Shape[0] - first);
        x.Device.Clear(rest.Address, rest.SizeBytes);
    }

    static T Scale<T>(int width) where T : unmanaged, IFloatingPointIeee754<T> => T.One / T.Sqrt(T.CreateTruncating(width));

    /// <summary>The soft-max of a head's scores, [tokens, tokens], in this thread's memory.</summary>
    static T* Weights<T>(Heads<T> queries, Heads<T> keys, int head, int first, int tokens) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* p = HeadScratch<T>(0, (long)tokens * tokens);
        T scale = Scale<T>(queries.Width);
        PackedGemm.Run(tokens, tokens, queries.Width, queries.Matrix(head, first), keys.Matrix(head, first).Transposed, p, tokens);
        for (int query = 0; query < tokens; query++)
            RowMath.Softmax(p + (long)query * tokens, scale, p + (long)query * tokens, tokens);
        return p;
    }

    static void ExpectSentences(Tensor starts, int rows, int tokens)
    {
        var values = starts.Span<int>();
        for (int i = 0; i < values.Length; i++)
        {
            int from = i == 0 ? 0 : values[i - 1], value = values[i];
            if (i == 0 ? value != 0 : value < from || value - from > tokens || value > rows)
                throw new ShapeException($"Attention: starts[{i}] is {value}; starts must rise from 0 to {rows}, the rows of qkv, at most, "
                    + $"and by no more than the {tokens} tokens of a sentence");
        }
    }

    static void ExpectLengthsWithin(Tensor lengths, int tokens, string op)
    {
        var values = lengths.Span<int>();
        for (int i = 0; i < values.Length; i++)
            if ((uint)values[i] > (uint)tokens)
                throw new ShapeException($"{op}: lengths[{i}] is {values[i]}, outside 0 … {tokens}, the tokens of a sentence");
    }

    /// <summary>y = dropout(x), [tokens, tokens] of a head; rows of numbers are as long as the longest sentence.</summary>
    static void DropWeights<T>(T* x, int tokens, int head, AttentionSizes sizes, T* y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (sizes.Probability == 0) return;
        uint threshold = (uint)Math.Round(sizes.Probability * (1 << 24));
        T scale = T.CreateTruncating(1 / (1 - sizes.Probability));
        Span<uint> numbers = stackalloc uint[DropoutChunk];
        // Rows that lie in one piece of the stream are one run of numbers.
        bool together = tokens == sizes.Tokens;
        long runs = together ? Math.Min(1, tokens) : tokens, length = together ? (long)tokens * tokens : tokens;
        for (long run = 0; run < runs; run++)
            for (long i = 0; i < length; i += DropoutChunk)
            {
                var chunk = numbers[..(int)Math.Min(DropoutChunk, length - i)];
                sizes.Dropout.Fill(chunk, ((ulong)head * (ulong)sizes.Tokens + (ulong)run) * (ulong)sizes.Tokens + (ulong)i);
                Keep(x + run * tokens + i, chunk, threshold, scale, y + run * tokens + i);
            }
    }

    [ThreadStatic] static AlignedBuffer?[]? t_headScratch;

    /// <summary>Working memory of this thread, one [S, S] per <paramref name="slot"/>.</summary>
    static T* HeadScratch<T>(int slot, long count) where T : unmanaged
    {
        t_headScratch ??= new AlignedBuffer?[3];
        var buffer = t_headScratch[slot] ??= new AlignedBuffer();
        return buffer.Reserve<T>((nuint)count);
    }

    /// <summary>A part of rows [T, parts·H·D], seen head by head as matrices [tokens, D].</summary>
    readonly struct Heads<T>(T* data, int rowStride, int width, int heads) where T : unmanaged
    {
        public int Width => width;

        public nint RowStride => rowStride;

        /// <summary>Part <paramref name="part"/> of so many.</summary>
        public static Heads<T> Of(Tensor x, int part, int parts, int heads)
        {
            int across = x.Shape[1] / parts;
            return new(x.Pointer<T>() + part * across, x.Shape[1], across / heads, heads);
        }

        /// <summary>Queries, keys and values.</summary>
        public static (Heads<T> Queries, Heads<T> Keys, Heads<T> Values) Three(Tensor x, int heads) =>
            (Of(x, 0, 3, heads), Of(x, 1, 3, heads), Of(x, 2, 3, heads));

        public T* First(int head, int row) => data + row * (long)rowStride + head % heads * width;

        public MatrixView<T> Matrix(int head, int row) => new(First(head, row), rowStride);
    }
}
