using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>
/// 3x3 convolution by Winograd's minimal filtering F(m x m, 3 x 3): tiles of the input are transformed, one small matrix product is made for each
/// of (m + 2)² points, and the products are transformed back. F(4x4) needs a quarter of the direct convolution's multiplications, F(2x2) 4/9.
/// </summary>
internal static unsafe class ConvWinograd<TForm> where TForm : struct, IWinogradForm
{
    internal const int BlockElements = ConvShape.Lanes * ConvShape.Lanes;
    /// <summary>Input blocks that are summed in registers: 256 channels; two levels of summation lose less than one long one.</summary>
    const int ChunkBlocks = 16;

    internal static int Points => TForm.Points * TForm.Points;

    /// <summary>Floats of transformed weights, [point][panel][input channel][16].</summary>
    public static nint PackedFloats(ConvShape s) => Points * PlaneFloats(s);

    internal static nint PlaneFloats(ConvShape s) => (nint)s.InBlocks * ConvShape.Lanes * s.OutBlocks * ConvShape.Lanes;

    /// <summary>Transformed weights of the forward pass; <paramref name="scale"/> as in <see cref="ConvPack.Forward"/>.</summary>
    public static void PackForward(ConvShape s, float* weight, float* scale, float* transformed) =>
        Workers.Run(s.OutBlocks * s.InBlocks, part =>
        {
            float* block = stackalloc float[BlockElements * 9];
            ConvPack.ForwardBlock(s, weight, scale, part / s.InBlocks, part % s.InBlocks, block);
            Transform(block, transformed + (nint)part * BlockElements, PlaneFloats(s));
        });

    /// <summary>Transformed weights of the backward pass, to be run with <c>s.Transposed</c>.</summary>
    public static void PackBackward(ConvShape s, float* weight, float* transformed) =>
        Workers.Run(s.OutBlocks * s.InBlocks, part =>
        {
            float* block = stackalloc float[BlockElements * 9];
            ConvPack.BackwardBlock(s, weight, part / s.OutBlocks, part % s.OutBlocks, block);
            Transform(block, transformed + (nint)part * BlockElements, PlaneFloats(s));
        });

    /// <summary>G w Gᵀ of one block [3][3][256].</summary>
    static void Transform(float* from, float* to, nint plane)
    {
        float* rows = stackalloc float[3 * BlockElements];
        ReadOnlySpan<float> g = TForm.Filter;
        for (int r = 0; r < TForm.Points; r++)
        {
            for (int k = 0; k < 3; k++) Combine(from + k * BlockElements, 3 * BlockElements, g.Slice(r * 3, 3), rows + k * BlockElements);
            for (int c = 0; c < TForm.Points; c++) Combine(rows, BlockElements, g.Slice(c * 3, 3), to + (r * TForm.Points + c) * plane);
        }
    }

    /// <summary>to = g0·from[0] + g1·from[step] + g2·from[2 step] over the 256 elements of a block.</summary>
    internal static void Combine(float* from, int step, ReadOnlySpan<float> g, float* to)
    {
        Vector256<float> g0 = Vector256.Create(g[0]), g1 = Vector256.Create(g[1]), g2 = Vector256.Create(g[2]);
        for (int e = 0; e < BlockElements; e += Vector256<float>.Count, from += Vector256<float>.Count)
            (g0 * Vector256.Load(from) + g1 * Vector256.Load(from + step) + g2 * Vector256.Load(from + 2 * step)).Store(to + e);
    }

    /// <summary>y = relu?(x ∗ w + bias); <paramref name="bias"/> is padded to whole panels, or null.</summary>
    public static void Run(ConvShape s, float* x, float* transformed, float* bias, bool relu, float* y, TileKind best)
    {
        var tiles = new WinogradTiles<TForm>(s);
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        int batch = BatchTiles(s, tiles.Count), batches = (tiles.Count + batch - 1) / batch;
        if (batches >= 2 * Workers.Count) Workers.Run(batches, Batch);
        else for (int b = 0; b < batches; b++) Batch(b);

        void Batch(int b)
        {
            // Inside a part of the outer loop these inner loops run on their caller, with buffers of its thread.
            int first = b * batch, count = Math.Min(batch, tiles.Count - first);
            // An odd number of cache lines between points: the points of one tile then spread over all cache sets.
            nint inStride = ((nint)s.InBlocks * count | 1) * ConvShape.Lanes, outStride = ((nint)s.OutBlocks * count | 1) * ConvShape.Lanes;
            float* v = ConvScratch.First(Points * inStride), m = ConvScratch.Second(Points * outStride);
            Workers.Run(s.InBlocks, block => tiles.Input(x, s.InBlocks, block, first, count, v + (nint)block * count * ConvShape.Lanes, inStride));
            Workers.Run(Points, point => Multiply(s, kind, v + point * inStride, transformed + point * PlaneFloats(s), m + point * outStride, count));
            Workers.Run(s.OutBlocks, block => tiles.Output(m + (nint)block * count * ConvShape.Lanes, outStride, y, s.OutBlocks, block, first, count,
                bias == null ? null : bias + block * ConvShape.Lanes, relu));
        }
    }

    /// <summary>Tiles that are transformed together: enough to use each weight often, few enough for the caches. Wide layers need more.</summary>
    static int BatchTiles(ConvShape s, int count)
    {
        int target = s.InBlocks >= 16 ? 96 : 48, batches = (count + target - 1) / target;
        return (count + batches - 1) / batches;
    }

    /// <summary>The product at one point: [tiles, input channels] by [input channels, output channels].</summary>
    static void Multiply(ConvShape s, TileKind kind, float* v, float* u, float* m, int count)
    {
        int tileRows = ConvTile.Rows(kind), panels = ConvTile.Panels(kind), padded = (count + tileRows - 1) / tileRows * tileRows;
        nint* rows = stackalloc nint[padded + s.InBlocks];
        nint* segments = rows + padded;
        for (int t = 0; t < padded; t++) rows[t] = Math.Min(t, count - 1) * ConvShape.Lanes;
        for (int block = 0; block < s.InBlocks; block++) segments[block] = (nint)block * count * ConvShape.Lanes;
        nint panelFloats = (nint)s.InBlocks * ConvShape.Lanes * ConvShape.Lanes, blockFloats = (nint)count * ConvShape.Lanes;
        var tile = new ConvTile
        {
            A = v, SegmentLength = ConvShape.Lanes, PanelStride = panelFloats, ColumnPanelStride = blockFloats,
        };
        for (int panel = 0; panel < s.OutBlocks; panel += panels)
        {
            for (int block = 0; block < s.InBlocks; block += ChunkBlocks)
            {
                tile.Segments = segments + block;
                tile.SegmentCount = Math.Min(ChunkBlocks, s.InBlocks - block);
                tile.W = u + panel * panelFloats + (nint)block * BlockElements;
                tile.C = m + panel * blockFloats;
                tile.Accumulate = block > 0;
                for (int t = 0; t < padded; t += tileRows)
                {
                    tile.RowOffsets = tile.ColumnOffsets = rows + t;
                    ConvTile.Run(kind, &tile, across: false);
                }
            }
        }
    }
}
