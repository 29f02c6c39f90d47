using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Gradient of a 3x3 convolution's kernels by the adjoint of Winograd's algorithm:
/// <c>dW = Gᵀ [Σ_tiles (Bᵀ d B) ⊙ (A dy Aᵀ)] G</c>, for each point a product summed along the tiles.
/// </summary>
internal static unsafe class ConvWinogradGradient<TDown, TAcross> where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
{
    const int BlockElements = ConvShape.Lanes * ConvShape.Lanes;
    /// <summary>Tiles that are transformed together and summed in registers.</summary>
    const int BatchTiles = 96;
    /// <summary>
    /// Layers with more weights than this are cut by channel, narrower ones by tiles with a partial gradient for each range.
    /// </summary>
    const int NarrowWeights = 128 * 128;
    /// <summary>Ranges of tiles with an own gradient; a constant, so that results do not depend on the machine.</summary>
    const int MaxRanges = 8;
    /// <summary>Panels that share one pass over the transformed input.</summary>
    const int Group = 2;

    static int Points => TDown.Points * TAcross.Points;

    /// <summary>
    /// Floats of working memory for <see cref="Run"/>: a gradient per range of tiles, none where one range holds all.
    /// </summary>
    public static nint WorkFloats(ConvShape s) => Ranges(s) == 1 ? 0 : Ranges(s) * KernelFloats(s);

    static nint KernelFloats(ConvShape s) => s.OutBlocks * s.KernelPanelFloats;

    /// <summary>
    /// Writes the gradient in the layout of filters; <paramref name="work"/> holds <see cref="WorkFloats"/>.
    /// </summary>
    public static void Run(ConvShape s, float* x, float* dy, float* dWeight, float* work, TileKind best)
    {
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        var tiles = new WinogradTiles<TDown, TAcross>(s);
        int ranges = Ranges(s);
        nint floats = KernelFloats(s);
        float* partials = ranges == 1 ? dWeight : work;
        Workers.Run(ranges, range =>
        {
            float* partial = partials + range * floats;
            int first = (int)((long)tiles.Count * range / ranges), last = (int)((long)tiles.Count * (range + 1) / ranges);
            if (first == last) new Span<float>(partial, checked((int)floats)).Clear();
            for (int start = first; start < last; start += BatchTiles)
            {
                bool isFirst = start == first;
                Batch(s, tiles, kind, x, dy, start, Math.Min(BatchTiles, last - start), (panel, block, sum, point) =>
                {
                    int ins = Math.Min(ConvShape.Lanes, s.InChannels - block * ConvShape.Lanes);
                    float* kernels = partial + panel * s.KernelPanelFloats + block * s.BlockFloats;
                    if (isFirst) new Span<float>(kernels, ins * 9 * ConvShape.Lanes).Clear();
                    AddTransformed((float*)sum, point, kernels, ins);
                });
            }
        });
        if (ranges == 1) return;
        Workers.Run(s.OutBlocks, panel => ConvFilterGradient.AddRanges(work + panel * s.KernelPanelFloats, floats, ranges,
            s.KernelPanelFloats, dWeight + panel * s.KernelPanelFloats));
    }

    static int Ranges(ConvShape s) =>
        s.InChannels * s.OutChannels > NarrowWeights ? 1
            : Math.Clamp(new WinogradTiles<TDown, TAcross>(s).Count / (2 * BatchTiles), 1, MaxRanges);

    /// <summary>
    /// Products of tiles [first, first + count); <paramref name="finish"/>(panel, block, sum, floats between points) takes each block's sum
    /// of 16 by 16 channels. Inside a part of an outer loop the inner loops run on their caller.
    /// </summary>
    static void Batch(ConvShape s, WinogradTiles<TDown, TAcross> tiles, TileKind kind, float* x, float* dy, int first, int count,
        Action<int, int, nint, nint> finish)
    {
        int group = ConvWinograd<TDown, TAcross>.GroupPanels(s, kind, Group, parallel: true), groups = (s.OutBlocks + group - 1) / group;
        nint pointFloats = (nint)s.InBlocks * BlockElements, panelFloats = Points * pointFloats;
        nint blockFloats = (nint)count * ConvShape.Lanes;
        nint inStride = ConvWinograd<TDown, TAcross>.PointStride(s.InBlocks, count);
        using var memory = new TransformedMaps(Points * inStride);
        float* v = memory.First;
        Workers.Run(s.InBlocks, block => tiles.Input(x, s.InBlocks, block, first, count, v + block * blockFloats, inStride));
        Workers.Run(groups, part =>
        {
            int panel = part * group, panels = Math.Min(group, s.OutBlocks - panel);
            nint outStride = ConvWinograd<TDown, TAcross>.PointStride(panels, count);
            float* g = ConvScratch.Second(Points * outStride), sum = ConvScratch.Third(panels * panelFloats);
            for (int p = 0; p < panels; p++) tiles.OutputAdjoint(dy, s.OutBlocks, panel + p, first, count, g + p * blockFloats, outStride);
            Multiply(s, kind, v, inStride, g, outStride, count, panels, sum, panelFloats);
            for (int p = 0; p < panels; p++)
                for (int block = 0; block < s.InBlocks; block++)
                    finish(panel + p, block, (nint)(sum + p * panelFloats + (nint)block * BlockElements), pointFloats);
        });
    }

    /// <summary>For each point [input channels, tiles] by [tiles, 16 of each of <paramref name="panels"/>].</summary>
    static void Multiply(ConvShape s, TileKind kind, float* v, nint inStride, float* g, nint outStride, int count, int panels, float* sum,
        nint panelFloats)
    {
        int tileRows = ConvTile.Rows(kind), channels = s.InBlocks * ConvShape.Lanes;
        int padded = (channels + tileRows - 1) / tileRows * tileRows;
        nint* sources = stackalloc nint[2 * padded], targets = sources + padded;
        for (int r = 0; r < padded; r++)
        {
            int channel = Math.Min(r, channels - 1);
            sources[r] = (nint)(channel / ConvShape.Lanes) * count * ConvShape.Lanes + channel % ConvShape.Lanes;
            targets[r] = (nint)channel * ConvShape.Lanes;
        }
        nint start = 0;
        var tile = new ConvTile
        {
            Segments = &start, SegmentCount = 1, SegmentLength = count, PanelStride = (nint)count * ConvShape.Lanes,
            ColumnPanelStride = panelFloats,
        };
        for (int point = 0; point < Points; point++)
        {
            tile.A = v + point * inStride;
            for (int panel = 0; panel < panels; panel += ConvTile.Panels(kind))
            {
                tile.W = g + point * outStride + panel * tile.PanelStride;
                tile.C = sum + panel * panelFloats + point * (nint)channels * ConvShape.Lanes;
                for (int r = 0; r < padded; r += tileRows)
                {
                    tile.RowOffsets = sources + r;
                    tile.ColumnOffsets = targets + r;
                    ConvTile.Run(kind, &tile, across: true);
                }
            }
        }
    }

    /// <summary>Adds Gᵀ u G of one block to the kernels [in][3][3][16] of its input channels.</summary>
    static void AddTransformed(float* u, nint pointFloats, float* kernels, int ins)
    {
        const int lanes = ConvShape.Lanes;
        float* rows = stackalloc float[3 * lanes];
        for (int i = 0; i < ins; i++, u += lanes, kernels += 9 * lanes)
        for (int r = 0; r < TDown.Points; r++)
        {
            new Span<float>(rows, 3 * lanes).Clear();
            for (int c = 0; c < TAcross.Points; c++)
                for (int k = 0; k < 3; k++)
                    AddScaled(u + (r * TAcross.Points + c) * pointFloats, TAcross.Filter[c * 3 + k], rows + k * lanes);
            for (int k = 0; k < 3; k++)
                for (int l = 0; l < 3; l++) AddScaled(rows + l * lanes, TDown.Filter[r * 3 + k], kernels + (k * 3 + l) * lanes);
        }
    }

    static void AddScaled(float* from, float factor, float* to)
    {
        if (factor == 0) return;
        var f = Vector256.Create(factor);
        for (int e = 0; e < ConvShape.Lanes; e += Vector256<float>.Count)
            Vector256.FusedMultiplyAdd(f, Vector256.Load(from + e), Vector256.Load(to + e)).Store(to + e);
    }
}
