using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// 3x3 convolution by Winograd's minimal filtering: tiles of the input are transformed, one small matrix product is made for each point of
/// the transform, and the products are transformed back. F(4x4) needs a quarter of the direct convolution's multiplications.
/// </summary>
internal static unsafe class ConvWinograd<TDown, TAcross> where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
{
    public const int BlockElements = ConvShape.Lanes * ConvShape.Lanes;
    /// <summary>
    /// Panels in a group. The products of four stay near a core; of kernels, transformed for the moment, two fit beside them.
    /// </summary>
    const int PackedGroup = 4, InPlaceGroup = 2;

    public static int Points => TDown.Points * TAcross.Points;

    /// <summary>
    /// Input blocks that are summed in registers: two levels of summation lose less than one long one. Kernels of so many stay in the
    /// second-level cache when they are transformed.
    /// </summary>
    static int ChunkBlocks => Points > 16 ? 8 : 16;

    /// <summary>Transformed weights of one panel of 16 output channels: [point][input channel][16].</summary>
    public static nint PanelFloats(ConvShape s) => Points * PointFloats(s);

    public static nint PackedFloats(ConvShape s) => s.OutBlocks * PanelFloats(s);

    /// <summary>An odd number of cache lines: points, which are written side by side, then spread over all cache sets.</summary>
    static nint PointFloats(ConvShape s) => (nint)s.InBlocks * BlockElements + ConvShape.Lanes;

    public static void Pack(ConvShape s, ConvWeights weights, float* packed) =>
        Workers.Run(s.OutBlocks, new Packing(s, weights, packed), static (packing, panel) => packing.Pack(panel));

    /// <summary>y = relu?(x ∗ w + bias); <paramref name="bias"/> is padded to whole panels, or null.</summary>
    public static void Run(ConvShape s, float* x, ConvWeights weights, float* bias, bool relu, float* y, TileKind best)
    {
        int tiles = new WinogradTiles<TDown, TAcross>(s).Count;
        int batch = BatchTiles(s, tiles);
        TileKind kind = ConvTile.ForRows(ConvTile.For(best, s.OutBlocks), batch);
        int batches = (tiles + batch - 1) / Math.Max(1, batch);
        // Inside a part of this outer loop the inner loops run on their caller.
        bool outer = batches >= 2 * Workers.Count;
        int group = GroupPanels(s, kind, weights.Packed != null ? PackedGroup : InPlaceGroup, parallel: !outer);
        var layer = new Layer(s, x, weights, bias, relu, y, kind, batch, group);
        if (outer) Workers.Run(batches, layer, static (layer, b) => layer.RunBatch(b));
        else for (int b = 0; b < batches; b++) layer.RunBatch(b);
    }

    /// <summary>A convolution cut into batches of tiles, and these into groups of panels.</summary>
    readonly struct Layer(ConvShape s, float* x, ConvWeights weights, float* bias, bool relu, float* y, TileKind kind, int batch, int group)
    {
        public void RunBatch(int b)
        {
            int first = b * batch, count = Math.Min(batch, new WinogradTiles<TDown, TAcross>(s).Count - first);
            using var memory = new TransformedMaps(Points * PointStride(s.InBlocks, count));
            var tiles = new Batch(this, first, count, memory.First);
            Workers.Run(s.InBlocks, tiles, static (tiles, block) => tiles.Transform(block));
            Workers.Run((s.OutBlocks + group - 1) / group, tiles, static (tiles, part) => tiles.Multiply(part));
        }

        /// <summary>Transforms the tiles of one input block.</summary>
        public void Transform(Batch tiles, int block) =>
            new WinogradTiles<TDown, TAcross>(s).Input(x, s.InBlocks, block, tiles.First, tiles.Count, tiles.V + block * tiles.BlockFloats,
                PointStride(s.InBlocks, tiles.Count));

        /// <summary>The products of one group of panels, transformed back.</summary>
        public void Multiply(Batch tiles, int part)
        {
            int panel = part * group, panels = Math.Min(group, s.OutBlocks - panel);
            nint outStride = PointStride(panels, tiles.Count);
            float* m = ConvScratch.Second(Points * outStride);
            var product = new Product(s, kind, tiles.V, PointStride(s.InBlocks, tiles.Count), m, outStride, panels, tiles.Count);
            if (weights.Packed != null)
                product.Add(new(weights.Packed + panel * PanelFloats(s), PanelFloats(s), PointFloats(s)), 0, s.InBlocks);
            else product.AddInPlace(weights, panel);
            for (int p = 0; p < panels; p++)
                new WinogradTiles<TDown, TAcross>(s).Output(m + p * tiles.BlockFloats, outStride, y, s.OutBlocks, panel + p, tiles.First,
                    tiles.Count, weights.Scale, bias, relu);
        }
    }

    /// <summary>Tiles [first, first + count) of a layer and where they lie transformed.</summary>
    readonly struct Batch(Layer layer, int first, int count, float* v)
    {
        public int First => first;

        public int Count => count;

        public float* V => v;

        public nint BlockFloats => (nint)count * ConvShape.Lanes;

        public void Transform(int block) => layer.Transform(this, block);

        public void Multiply(int part) => layer.Multiply(this, part);
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

    readonly struct Packing(ConvShape s, ConvWeights weights, float* packed)
    {
        /// <summary>G w Gᵀ of one panel.</summary>
        public void Pack(int panel)
        {
            float* room = stackalloc float[9 * BlockElements], to = packed + panel * PanelFloats(s);
            for (int block = 0; block < s.InBlocks; block++, to += BlockElements)
            {
                ConvPack.Scale(s, weights.Block(s, panel, block, BlockOrder.ByInput(s), room), weights, panel, room);
                Transform(room, to, PointFloats(s));
            }
        }
    }

    /// <summary>G w Gᵀ of input blocks [first, end) of one panel; <paramref name="pointStride"/> floats between the points.</summary>
    static void Transform(ConvShape s, ConvWeights weights, int panel, int first, int end, float* to, nint pointStride)
    {
        float* room = stackalloc float[9 * BlockElements];
        for (int block = first; block < end; block++, to += BlockElements)
            Transform(weights.Block(s, panel, block, BlockOrder.ByInput(s), room), to, pointStride);
    }

    /// <summary>G w Gᵀ of one block [16 in][3][3][16 out].</summary>
    static void Transform(float* block, float* to, nint pointStride)
    {
        if (Vector512.IsHardwareAccelerated) Transform<Floats512>(block, to, pointStride);
        else Transform<NativeFloats>(block, to, pointStride);
    }

    static void Transform<TFloats>(float* block, float* to, nint pointStride) where TFloats : unmanaged, ISimdFloats<TFloats>
    {
        const int lanes = ConvShape.Lanes;
        // Blocks of a panel follow each other in memory: the next one is fetched in its order.
        float* rows = stackalloc float[3 * TDown.Points * lanes], ahead = block + 9 * BlockElements;
        for (float* end = ahead; block < end; block += 9 * lanes, to += lanes)
        {
            if (Sse.IsSupported)
                for (int line = 0; line < 9; line++, ahead += lanes) Sse.Prefetch0(ahead);
            for (int e = 0; e < lanes; e += TFloats.Count)
            {
                for (int tap = 0; tap < 3; tap++)
                    TDown.Kernel<TFloats>(block + tap * lanes + e, 3 * lanes, rows + tap * lanes + e, 3 * lanes);
                for (int r = 0; r < TDown.Points; r++)
                    TAcross.Kernel<TFloats>(rows + 3 * r * lanes + e, lanes, to + r * TAcross.Points * pointStride + e, pointStride);
            }
        }
    }

    /// <summary>Transformed weights: floats between two panels and between two points.</summary>
    readonly record struct Transformed(nint First, nint PanelStride, nint PointStride)
    {
        public Transformed(float* first, nint panelStride, nint pointStride) : this((nint)first, panelStride, pointStride)
        {
        }
    }

    /// <summary>For each point [tiles, input channels] by [input channels, 16 of each of <paramref name="panels"/>].</summary>
    readonly struct Product(ConvShape s, TileKind kind, float* v, nint inStride, float* m, nint outStride, int panels, int count)
    {
        /// <summary>Adds what input blocks [first, end) contribute; <paramref name="u"/> begins with the first.</summary>
        public void Add(Transformed u, int first, int end)
        {
            int tileRows = ConvTile.Rows(kind), padded = ConvTile.Padded(kind, count);
            nint* rows = stackalloc nint[padded + s.InBlocks], segments = rows + padded;
            for (int t = 0; t < padded; t++) rows[t] = Math.Min(t, count - 1) * ConvShape.Lanes;
            for (int block = 0; block < s.InBlocks; block++) segments[block] = (nint)block * count * ConvShape.Lanes;
            nint blockFloats = (nint)count * ConvShape.Lanes;
            var tile = new ConvTile { SegmentLength = ConvShape.Lanes, PanelStride = u.PanelStride, ColumnPanelStride = blockFloats };
            for (int point = 0; point < Points; point++)
            {
                tile.A = v + point * inStride;
                for (int panel = 0; panel < panels; panel += ConvTile.Panels(kind))
                {
                    tile.C = m + point * outStride + panel * blockFloats;
                    for (int block = first; block < end; block += ChunkBlocks)
                    {
                        tile.Segments = segments + block;
                        tile.SegmentCount = Math.Min(ChunkBlocks, end - block);
                        tile.W = (float*)u.First + panel * u.PanelStride + point * u.PointStride + (nint)(block - first) * BlockElements;
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

        /// <summary>
        /// Adds what all input blocks contribute. Their kernels are read once, and transformed a chunk at a time: they are used before they
        /// leave the second-level cache.
        /// </summary>
        public void AddInPlace(ConvWeights weights, int firstPanel)
        {
            nint pointStride = PointFloats(s with { InChannels = ChunkBlocks * ConvShape.Lanes }), panelStride = Points * pointStride;
            float* u = ConvScratch.Third(panels * panelStride);
            for (int block = 0; block < s.InBlocks; block += ChunkBlocks)
            {
                int end = Math.Min(block + ChunkBlocks, s.InBlocks);
                for (int p = 0; p < panels; p++)
                    Transform(s, weights, firstPanel + p, block, end, u + p * panelStride, pointStride);
                Add(new(u, panelStride, pointStride), block, end);
            }
        }
    }
}
