using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// 3x3 convolution by Winograd's minimal filtering: tiles of the input are transformed, one small matrix product is made for each point of
/// the transform, and the products are transformed back. F(4x4) needs a quarter of the direct convolution's multiplications.
/// </summary>
internal static unsafe class ConvWinograd<TDown, TAcross> where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
{
    public const int BlockElements = ConvShape.Lanes * ConvShape.Lanes;
    /// <summary>Input blocks that are summed in registers: 256 channels; two levels of summation lose less than one long one.</summary>
    const int ChunkBlocks = 16;
    /// <summary>
    /// Panels in a group. The products of four stay near a core; of plain weights, packed for the moment, two fit beside them.
    /// </summary>
    const int PackedGroup = 4, PlainGroup = 2;

    public static int Points => TDown.Points * TAcross.Points;

    /// <summary>Transformed weights of one panel of 16 output channels: [point][input channel][16].</summary>
    public static nint PanelFloats(ConvShape s) => Points * PointFloats(s);

    public static nint PackedFloats(ConvShape s) => s.OutBlocks * PanelFloats(s);

    static nint PointFloats(ConvShape s) => (nint)s.InBlocks * BlockElements;

    public static void Pack(ConvShape s, ConvWeights weights, float* packed) =>
        Workers.Run(s.OutBlocks, panel => PackPanel(s, weights, panel, packed + panel * PanelFloats(s)));

    /// <summary>y = relu?(x ∗ w + bias); <paramref name="bias"/> is padded to whole panels, or null.</summary>
    public static void Run(ConvShape s, float* x, ConvWeights weights, float* bias, bool relu, float* y, TileKind best)
    {
        var tiles = new WinogradTiles<TDown, TAcross>(s);
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        int batch = BatchTiles(s, tiles.Count), batches = (tiles.Count + batch - 1) / Math.Max(1, batch);
        // Inside a part of this outer loop the inner loops run on their caller.
        bool outer = batches >= 2 * Workers.Count;
        int group = GroupPanels(s, kind, weights.Packed != null ? PackedGroup : PlainGroup, parallel: !outer);
        int groups = (s.OutBlocks + group - 1) / group;
        if (outer) Workers.Run(batches, Batch);
        else for (int b = 0; b < batches; b++) Batch(b);

        void Batch(int b)
        {
            int first = b * batch, count = Math.Min(batch, tiles.Count - first);
            nint inStride = PointStride(s.InBlocks, count), blockFloats = (nint)count * ConvShape.Lanes;
            float* v = ConvScratch.First(Points * inStride);
            Workers.Run(s.InBlocks, block => tiles.Input(x, s.InBlocks, block, first, count, v + block * blockFloats, inStride));
            Workers.Run(groups, part =>
            {
                int panel = part * group, panels = Math.Min(group, s.OutBlocks - panel);
                float* u = weights.Packed + panel * PanelFloats(s);
                if (weights.Packed == null)
                {
                    u = ConvScratch.Third(panels * PanelFloats(s));
                    for (int p = 0; p < panels; p++) PackPanel(s, weights, panel + p, u + p * PanelFloats(s));
                }
                nint outStride = PointStride(panels, count);
                float* m = ConvScratch.Second(Points * outStride);
                Multiply(s, kind, v, inStride, u, panels, m, outStride, count);
                for (int p = 0; p < panels; p++)
                    tiles.Output(m + p * blockFloats, outStride, y, s.OutBlocks, panel + p, first, count,
                        bias == null ? null : bias + (panel + p) * ConvShape.Lanes, relu);
            });
        }
    }

    /// <summary>
    /// Panels that share one pass over the transformed input: as many as keep every core busy, at most <paramref name="most"/>.
    /// </summary>
    public static int GroupPanels(ConvShape s, TileKind kind, int most, bool parallel)
    {
        int panels = ConvTile.Panels(kind), wanted = parallel ? Math.Min(most, s.OutBlocks / (2 * Workers.Count)) : most;
        return Math.Max(1, wanted / panels) * panels;
    }

    /// <summary>An odd number of cache lines between points: the points of one tile then spread over all cache sets.</summary>
    public static nint PointStride(int blocks, int count) => ((nint)blocks * count | 1) * ConvShape.Lanes;

    /// <summary>
    /// Tiles that are transformed together: enough to use each weight often, few enough for the caches. Wide layers need more.
    /// </summary>
    static int BatchTiles(ConvShape s, int count)
    {
        int target = s.InBlocks >= 16 ? 96 : 48, batches = (count + target - 1) / target;
        return batches == 0 ? 0 : (count + batches - 1) / batches;
    }

    /// <summary>G w Gᵀ of one panel.</summary>
    static void PackPanel(ConvShape s, ConvWeights weights, int panel, float* to)
    {
        float* block = stackalloc float[BlockElements * 9];
        for (int b = 0; b < s.InBlocks; b++)
        {
            weights.Block(s, panel, b, block);
            Transform(block, to + (nint)b * BlockElements, PointFloats(s));
        }
    }

    /// <summary>G w Gᵀ of one block [3][3][256].</summary>
    static void Transform(float* from, float* to, nint pointFloats)
    {
        float* rows = stackalloc float[3 * BlockElements];
        for (int r = 0; r < TDown.Points; r++)
        {
            for (int k = 0; k < 3; k++)
                Combine(from + k * BlockElements, 3 * BlockElements, TDown.Filter.Slice(r * 3, 3), rows + k * BlockElements);
            for (int c = 0; c < TAcross.Points; c++)
                Combine(rows, BlockElements, TAcross.Filter.Slice(c * 3, 3), to + (r * TAcross.Points + c) * pointFloats);
        }
    }

    /// <summary>to = g0·from[0] + g1·from[step] + g2·from[2 step] over the 256 elements of a block.</summary>
    static void Combine(float* from, int step, ReadOnlySpan<float> g, float* to)
    {
        Vector256<float> g0 = Vector256.Create(g[0]), g1 = Vector256.Create(g[1]), g2 = Vector256.Create(g[2]);
        for (int e = 0; e < BlockElements; e += Vector256<float>.Count, from += Vector256<float>.Count)
            (g0 * Vector256.Load(from) + g1 * Vector256.Load(from + step) + g2 * Vector256.Load(from + 2 * step)).Store(to + e);
    }

    /// <summary>For each point [tiles, input channels] by [input channels, 16 of each of <paramref name="panels"/>].</summary>
    static void Multiply(ConvShape s, TileKind kind, float* v, nint inStride, float* u, int panels, float* m, nint outStride, int count)
    {
        int tileRows = ConvTile.Rows(kind), padded = (count + tileRows - 1) / tileRows * tileRows;
        nint* rows = stackalloc nint[padded + s.InBlocks], segments = rows + padded;
        for (int t = 0; t < padded; t++) rows[t] = Math.Min(t, count - 1) * ConvShape.Lanes;
        for (int block = 0; block < s.InBlocks; block++) segments[block] = (nint)block * count * ConvShape.Lanes;
        nint blockFloats = (nint)count * ConvShape.Lanes;
        var tile = new ConvTile { SegmentLength = ConvShape.Lanes, PanelStride = PanelFloats(s), ColumnPanelStride = blockFloats };
        for (int point = 0; point < Points; point++)
        {
            tile.A = v + point * inStride;
            for (int panel = 0; panel < panels; panel += ConvTile.Panels(kind))
            {
                tile.C = m + point * outStride + panel * blockFloats;
                for (int block = 0; block < s.InBlocks; block += ChunkBlocks)
                {
                    tile.Segments = segments + block;
                    tile.SegmentCount = Math.Min(ChunkBlocks, s.InBlocks - block);
                    tile.W = u + panel * PanelFloats(s) + point * PointFloats(s) + (nint)block * BlockElements;
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
}
