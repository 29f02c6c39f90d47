using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.ShiftedWindows;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Windows whose gradients of the table make one sum. It is fixed, and so is the order of all additions.</summary>
    const int WindowsPerSum = 16;

    public void WindowAttention(Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor y)
    {
        if (qkv.DType == DType.Float32)
        {
            TiledWindowAttention.Run(qkv, biasTable, heads, window, shift, y);
            return;
        }
        var maps = new WindowMaps<double>(qkv, biasTable, heads, window, shift);
        int tokens = maps.Grid.Tokens, width = maps.Width;
        double* target = y.Pointer<double>();
        Workers.Run(qkv.Shape[0] * maps.Grid.Count * heads, part =>
        {
            var (place, head) = Math.DivRem(part, heads);
            var memory = new WindowMemory<double>(tokens, width);
            maps.Read(place, head, memory);
            Weigh(maps, place, head, memory);
            PackedGemm.Run(tokens, width, tokens, new(memory.P, tokens), new(memory.V, width), memory.Dy, width);
            maps.Write(memory.Dy, place, head, target, heads * width, 0);
        });
    }

    public void WindowAttentionBackward(Tensor dy, Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor dQkv,
        Tensor dTable)
    {
        if (qkv.DType == DType.Float32) Run<float>(dy, qkv, biasTable, heads, window, shift, dQkv, dTable);
        else Run<double>(dy, qkv, biasTable, heads, window, shift, dQkv, dTable);

        static void Run<T>(Tensor dy, Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor dQkv, Tensor dTable)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            var maps = new WindowMaps<T>(qkv, biasTable, heads, window, shift);
            int tokens = maps.Grid.Tokens, width = maps.Width, square = tokens * tokens, windows = qkv.Shape[0] * maps.Grid.Count;
            int sums = (windows + WindowsPerSum - 1) / WindowsPerSum;
            T* upstream = dy.Pointer<T>(), target = dQkv.Pointer<T>();
            using var partial = Tensor.Zeros([heads, sums, square], qkv.Device, qkv.DType);
            T* partials = partial.Pointer<T>();
            Workers.Run(heads * sums, part =>
            {
                var (head, sum) = Math.DivRem(part, sums);
                var memory = new WindowMemory<T>(tokens, width);
                for (int place = sum * WindowsPerSum; place < Math.Min(windows, (sum + 1) * WindowsPerSum); place++)
                {
                    maps.Read(place, head, memory);
                    Weigh(maps, place, head, memory);
                    maps.Gather(upstream, place, head, heads * width, 0, memory.Dy);
                    PackedGemm.Run(tokens, width, tokens, new MatrixView<T>(memory.P, tokens).Transposed, new(memory.Dy, width), memory.D,
                        width);
                    maps.Write(memory.D, place, head, target, 3 * heads * width, 2 * heads * width);
                    PackedGemm.Run(tokens, tokens, width, new(memory.Dy, width), new MatrixView<T>(memory.V, width).Transposed, memory.Ds,
                        tokens);
                    for (int at = 0; at < square; at += tokens)
                        SoftmaxRowBackward(memory.Ds + at, memory.P + at, T.One, memory.Ds + at, tokens);
                    RowMath.Add(memory.Ds, partials + (long)part * square, square);
                    // The queries in memory are scaled already, the keys are not.
                    PackedGemm.Run(tokens, width, tokens, new(memory.Ds, tokens), new(memory.K, width), memory.D, width);
                    RowMath.Scale(memory.D, maps.Scale, memory.D, tokens * width);
                    maps.Write(memory.D, place, head, target, 3 * heads * width, 0);
                    PackedGemm.Run(tokens, width, tokens, new MatrixView<T>(memory.Ds, tokens).Transposed, new(memory.Q, width), memory.D,
                        width);
                    maps.Write(memory.D, place, head, target, 3 * heads * width, heads * width);
                }
            });
            CollectTable(maps.Grid, partials, sums, heads, dTable.Pointer<T>(), checked((int)dTable.Count));
        }
    }

    /// <summary>Fills P from Q and K.</summary>
    static void Weigh<T>(WindowMaps<T> maps, int place, int head, WindowMemory<T> memory) where T : unmanaged, IFloatingPointIeee754<T>
    {
        int tokens = maps.Grid.Tokens, kind = maps.Grid.KindOf(place % maps.Grid.Count);
        var keys = new MatrixView<T>(memory.K, maps.Width);
        PackedGemm.Run(tokens, tokens, maps.Width, new(memory.Q, maps.Width), keys.Transposed, memory.P, tokens);
        for (int query = 0; query < tokens; query++)
        {
            T* row = memory.P + query * tokens;
            for (int key = 0; key < tokens; key++) row[key] += maps.Bias(kind, head, query, key);
            RowMath.Softmax(row, T.One, row, tokens);
        }
    }

    static void CollectTable<T>(WindowGrid grid, T* partials, int sums, int heads, T* table, int count)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        new Span<T>(table, count).Clear();
        int tokens = grid.Tokens, square = tokens * tokens;
        Workers.Run(heads, head =>
        {
            T* total = partials + (long)head * sums * square;
            for (int sum = 1; sum < sums; sum++) RowMath.Add(total + (long)sum * square, total, square);
            if (sums == 0) return;
            for (int query = 0; query < tokens; query++)
                for (int key = 0; key < tokens; key++) table[grid.BiasRow(query, key) * heads + head] += total[query * tokens + key];
        });
    }
}
