using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, double dropoutProbability, Philox dropout, Tensor y,
        Tensor? weights)
    {
        ExpectLengthsWithin(lengths, q.Shape[1], "Attention");
        if (q.DType == DType.Float32) Run<float>(q, k, v, lengths, heads, dropoutProbability, dropout, y, weights);
        else Run<double>(q, k, v, lengths, heads, dropoutProbability, dropout, y, weights);

        static void Run<T>(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, double probability, Philox dropout, Tensor y,
            Tensor? weights)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            var (queries, keys, values) = (new Heads<T>(q, heads), new Heads<T>(k, heads), new Heads<T>(v, heads));
            var target = new Heads<T>(y, heads);
            int tokens = q.Shape[1], width = queries.Width;
            long square = (long)tokens * tokens;
            T scale = T.One / T.Sqrt(T.CreateTruncating(width));
            T* saved = weights is null ? null : weights.Pointer<T>();
            int* length = lengths.Pointer<int>();
            Workers.Run(q.Shape[0] * heads, head =>
            {
                int used = length[head / heads];
                T* p = saved is null ? HeadScratch<T>(0, square) : saved + head * square;
                Product(tokens, used, width, queries.Matrix(head), keys.Matrix(head).Transposed, p, tokens);
                for (int query = 0; query < tokens; query++)
                {
                    RowMath.Softmax(p + query * tokens, scale, p + query * tokens, used);
                    new Span<T>(p + query * tokens + used, tokens - used).Clear();
                }
                T* dropped = p;
                if (probability > 0)
                {
                    dropped = HeadScratch<T>(1, square);
                    DropWeights(p, square, (ulong)(head * square), probability, dropout, dropped);
                }
                Product(tokens, width, used, new(dropped, tokens), values.Matrix(head), target.First(head), target.RowStride);
            });
        }
    }

    public void AttentionBackward(Tensor dy, Tensor q, Tensor k, Tensor v, Tensor lengths, Tensor weights, int heads,
        double dropoutProbability, Philox dropout, Tensor dq, Tensor dk, Tensor dv)
    {
        if (q.DType == DType.Float32) Run<float>(dy, q, k, v, lengths, weights, heads, dropoutProbability, dropout, dq, dk, dv);
        else Run<double>(dy, q, k, v, lengths, weights, heads, dropoutProbability, dropout, dq, dk, dv);

        static void Run<T>(Tensor dy, Tensor q, Tensor k, Tensor v, Tensor lengths, Tensor weights, int heads, double probability,
            Philox dropout, Tensor dq, Tensor dk, Tensor dv) where T : unmanaged, IFloatingPointIeee754<T>
        {
            var upstream = new Heads<T>(dy, heads);
            var (queries, keys, values) = (new Heads<T>(q, heads), new Heads<T>(k, heads), new Heads<T>(v, heads));
            var (dQueries, dKeys, dValues) = (new Heads<T>(dq, heads), new Heads<T>(dk, heads), new Heads<T>(dv, heads));
            int tokens = q.Shape[1], width = queries.Width;
            long square = (long)tokens * tokens;
            T scale = T.One / T.Sqrt(T.CreateTruncating(width));
            T* saved = weights.Pointer<T>();
            int* length = lengths.Pointer<int>();
            Workers.Run(q.Shape[0] * heads, head =>
            {
                int used = length[head / heads];
                T* p = saved + head * square, dropped = p, dp = HeadScratch<T>(0, square);
                if (probability > 0)
                    DropWeights(p, square, (ulong)(head * square), probability, dropout, dropped = HeadScratch<T>(1, square));

                // dV = dropped(P)ᵀ·dY; dP = dropped(dY·Vᵀ); dS = P·(dP − Σ dP·P)/√D; dQ = dS·K; dK = dSᵀ·Q.
                Product(used, width, tokens, new MatrixView<T>(dropped, tokens).Transposed, upstream.Matrix(head), dValues.First(head),
                    dValues.RowStride);
                Product(tokens, used, width, upstream.Matrix(head), values.Matrix(head).Transposed, dp, tokens);
                for (int query = 0; query < tokens; query++) new Span<T>(dp + query * tokens + used, tokens - used).Clear();
                if (probability > 0) DropWeights(dp, square, (ulong)(head * square), probability, dropout, dp);
                for (int query = 0; query < tokens; query++)
                    SoftmaxRowBackward(dp + query * tokens, p + query * tokens, scale, dp + query * tokens, used);
                Product(tokens, width, used, new(dp, tokens), keys.Matrix(head), dQueries.First(head), dQueries.RowStride);
                Product(used, width, tokens, new MatrixView<T>(dp, tokens).Transposed, queries.Matrix(head), dKeys.First(head),
                    dKeys.RowStride);
                for (int key = used; key < tokens; key++)
                {
                    new Span<T>(dKeys.First(head) + key * dKeys.RowStride, width).Clear();
                    new Span<T>(dValues.First(head) + key * dValues.RowStride, width).Clear();
                }
            });
        }
    }

    static void ExpectLengthsWithin(Tensor lengths, int tokens, string op)
    {
        var values = lengths.Span<int>();
        for (int i = 0; i < values.Length; i++)
            if ((uint)values[i] > (uint)tokens)
                throw new ShapeException($"{op}: lengths[{i}] is {values[i]}, outside 0 … {tokens}, the tokens of a sentence");
    }

    static void DropWeights<T>(T* x, long count, ulong firstNumber, double probability, Philox stream, T* y)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        uint threshold = (uint)Math.Round(probability * (1 << 24));
        T scale = T.CreateTruncating(1 / (1 - probability));
        Span<uint> numbers = stackalloc uint[DropoutChunk];
        for (long i = 0; i < count; i += DropoutChunk)
        {
            var chunk = numbers[..(int)Math.Min(DropoutChunk, count - i)];
            stream.Fill(chunk, firstNumber + (ulong)i);
            Keep(x + i, chunk, threshold, scale, y + i);
        }
    }

    [ThreadStatic] static AlignedBuffer?[]? t_headScratch;

    /// <summary>Working memory of this thread, one [S, S] per <paramref name="slot"/>.</summary>
    static T* HeadScratch<T>(int slot, long count) where T : unmanaged
    {
        t_headScratch ??= new AlignedBuffer?[2];
        var buffer = t_headScratch[slot] ??= new AlignedBuffer();
        return (T*)buffer.Reserve((nuint)((count * sizeof(T) + sizeof(float) - 1) / sizeof(float)));
    }

    /// <summary>[B, S, H·D] seen as B·H matrices [S, D].</summary>
    readonly struct Heads<T>(Tensor x, int heads) where T : unmanaged
    {
        readonly T* _data = x.Pointer<T>();
        readonly long _sentence = (long)x.Shape[1] * x.Shape[2];

        public int Width { get; } = x.Shape[2] / heads;

        public nint RowStride { get; } = x.Shape[2];

        public T* First(int head) => _data + head / heads * _sentence + head % heads * Width;

        public MatrixView<T> Matrix(int head) => new(First(head), RowStride);
    }
}
