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
    /// Floats of working memory for <see cref="Run"/>: a gradient in packed order per range of tiles, none where one batch holds all.
    /// </summary>
    public static nint WorkFloats(ConvShape s) =>
        new WinogradTiles<TDown, TAcross>(s).Count <= BatchTiles ? 0 : Ranges(s) * s.PackedFloats;

    /// <summary>Writes the gradient [O, I, 3, 3]; <paramref name="work"/> holds <see cref="WorkFloats"/>.</summary>
    public static void Run(ConvShape s, float* x, float* dy, float* dWeight, float* work, TileKind best)
    {
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        var tiles = new WinogradTiles<TDown, TAcross>(s);
        if (WorkFloats(s) == 0)
        {
            Batch(s, tiles, kind, x, dy, 0, tiles.Count, (panel, block, sum, point) =>
            {
                float* taps = stackalloc float[9 * BlockElements];
                new Span<float>(taps, 9 * BlockElements).Clear();
                AddTransformed((float*)sum, point, taps);
                ConvPack.UnpackBlock(s, taps, panel, block, dWeight);
            });
            return;
        }
        int ranges = Ranges(s);
        nint floats = s.PackedFloats;
        Workers.Run(ranges, range =>
        {
            float* packed = work + range * floats;
            int first = (int)((long)tiles.Count * range / ranges), last = (int)((long)tiles.Count * (range + 1) / ranges);
            new Span<float>(packed, checked((int)floats)).Clear();
            for (int start = first; start < last; start += BatchTiles)
                Batch(s, tiles, kind, x, dy, start, Math.Min(BatchTiles, last - start), (panel, block, sum, point) =>
                    AddTransformed((float*)sum, point, packed + panel * s.PanelFloats + block * s.BlockFloats));
        });
        ConvFilterGradient.Sum(s, work, ranges);
        ConvPack.Unpack(s, work, dWeight);
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

    /// <summary>Adds Gᵀ u G of one block of 16 by 16 channels to its kernels [3][3][256].</summary>
    static void AddTransformed(float* u, nint pointFloats, float* to)
    {
        float* rows = stackalloc float[3 * BlockElements];
        for (int r = 0; r < TDown.Points; r++)
        {
            new Span<float>(rows, 3 * BlockElements).Clear();
            for (int c = 0; c < TAcross.Points; c++)
                for (int k = 0; k < 3; k++)
                    AddScaled(u + (r * TAcross.Points + c) * pointFloats, TAcross.Filter[c * 3 + k], rows + k * BlockElements);
            for (int k = 0; k < 3; k++)
                for (int l = 0; l < 3; l++) AddScaled(rows + l * BlockElements, TDown.Filter[r * 3 + k], to + (k * 3 + l) * BlockElements);
        }
    }

    static void AddScaled(float* from, float factor, float* to)
    {
        if (factor == 0) return;
        var f = Vector256.Create(factor);
        for (int e = 0; e < BlockElements; e += Vector256<float>.Count)
            Vector256.FusedMultiplyAdd(f, Vector256.Load(from + e), Vector256.Load(to + e)).Store(to + e);
    }
}
