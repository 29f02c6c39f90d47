using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>
/// Gradient of a 3x3 convolution's kernels by the adjoint of Winograd's algorithm:
/// <c>dW = Gᵀ [Σ_tiles (Bᵀ d B) ⊙ (A dy Aᵀ)] G</c>, for each point a product summed along the tiles.
/// </summary>
internal static unsafe class ConvWinogradGradient<TForm> where TForm : struct, IWinogradForm
{
    /// <summary>Tiles that are transformed together and summed in registers.</summary>
    const int BatchTiles = 96;
    /// <summary>Layers with more weights than this are cut by channel, narrower ones by tiles with a partial sum for each range.</summary>
    const int NarrowWeights = 128 * 128;
    /// <summary>Ranges of tiles with an own sum; a constant, so that results do not depend on the machine.</summary>
    const int MaxRanges = 8;

    static int Points => ConvWinograd<TForm>.Points;

    /// <summary>Floats of working memory for <see cref="Run"/>.</summary>
    public static nint SumFloats(ConvShape s) => Ranges(s) * Points * ConvWinograd<TForm>.PlaneFloats(s);

    /// <summary>Writes the gradient in the order of <see cref="ConvPack.Forward"/>; <paramref name="sums"/> holds <see cref="SumFloats"/>.</summary>
    public static void Run(ConvShape s, float* x, float* dy, float* packed, float* sums, TileKind best)
    {
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        var tiles = new WinogradTiles<TForm>(s);
        int ranges = Ranges(s);
        nint sumFloats = Points * ConvWinograd<TForm>.PlaneFloats(s);
        if (ranges == 1) Range(s, tiles, kind, x, dy, 0, tiles.Count, sums);
        else
            Workers.Run(ranges, range => Range(s, tiles, kind, x, dy, (int)((long)tiles.Count * range / ranges), (int)((long)tiles.Count * (range + 1) / ranges),
                sums + range * sumFloats));
        Workers.Run(s.OutBlocks * s.InBlocks, part => Finish(sums + (nint)part * ConvWinograd<TForm>.BlockElements, ConvWinograd<TForm>.PlaneFloats(s), ranges,
            packed + (nint)part * s.BlockFloats));
    }

    static int Ranges(ConvShape s) =>
        s.InChannels * s.OutChannels > NarrowWeights ? 1 : Math.Clamp(new WinogradTiles<TForm>(s).Count / (2 * BatchTiles), 1, MaxRanges);

    /// <summary>Sums tiles [first, last); inside a part the inner loops run on their caller.</summary>
    static void Range(ConvShape s, WinogradTiles<TForm> tiles, TileKind kind, float* x, float* dy, int first, int last, float* sums)
    {
        if (first == last) new Span<float>(sums, checked((int)(Points * ConvWinograd<TForm>.PlaneFloats(s)))).Clear();
        for (int start = first; start < last; start += BatchTiles)
        {
            int from = start, count = Math.Min(BatchTiles, last - start);
            nint inStride = ((nint)s.InBlocks * count | 1) * ConvShape.Lanes, outStride = ((nint)s.OutBlocks * count | 1) * ConvShape.Lanes;
            float* v = ConvScratch.First(Points * inStride), g = ConvScratch.Second(Points * outStride);
            Workers.Run(s.InBlocks, block => tiles.Input(x, s.InBlocks, block, from, count, v + (nint)block * count * ConvShape.Lanes, inStride));
            Workers.Run(s.OutBlocks, block => tiles.OutputAdjoint(dy, s.OutBlocks, block, from, count, g + (nint)block * count * ConvShape.Lanes, outStride));
            Workers.Run(Points, point => Multiply(s, kind, v + point * inStride, g + point * outStride, count,
                sums + point * ConvWinograd<TForm>.PlaneFloats(s), from > first));
        }
    }

    /// <summary>The product at one point: [input channels, tiles] by [tiles, output channels].</summary>
    static void Multiply(ConvShape s, TileKind kind, float* v, float* g, int count, float* sum, bool accumulate)
    {
        int tileRows = ConvTile.Rows(kind), channels = s.InBlocks * ConvShape.Lanes, padded = (channels + tileRows - 1) / tileRows * tileRows;
        nint* sources = stackalloc nint[2 * padded], targets = sources + padded;
        for (int r = 0; r < padded; r++)
        {
            int channel = Math.Min(r, channels - 1);
            sources[r] = (nint)(channel / ConvShape.Lanes) * count * ConvShape.Lanes + channel % ConvShape.Lanes;
            targets[r] = (nint)channel * ConvShape.Lanes;
        }
        nint start = 0, panelFloats = (nint)channels * ConvShape.Lanes, blockFloats = (nint)count * ConvShape.Lanes;
        var tile = new ConvTile
        {
            A = v, Segments = &start, SegmentCount = 1, SegmentLength = count, PanelStride = blockFloats, ColumnPanelStride = panelFloats, Accumulate = accumulate,
        };
        for (int panel = 0; panel < s.OutBlocks; panel += ConvTile.Panels(kind))
        {
            tile.W = g + panel * blockFloats;
            tile.C = sum + panel * panelFloats;
            for (int r = 0; r < padded; r += tileRows)
            {
                tile.RowOffsets = sources + r;
                tile.ColumnOffsets = targets + r;
                ConvTile.Run(kind, &tile, across: true);
            }
        }
    }

    /// <summary>Gᵀ u G of one block of 16 by 16 channels, u being the sum of the ranges in their order.</summary>
    static void Finish(float* sums, nint plane, int ranges, float* packed)
    {
        const int elements = ConvShape.Lanes * ConvShape.Lanes;
        float* point = stackalloc float[elements], rows = stackalloc float[3 * elements];
        new Span<float>(packed, 9 * elements).Clear();
        for (int r = 0; r < TForm.Points; r++)
        {
            new Span<float>(rows, 3 * elements).Clear();
            for (int c = 0; c < TForm.Points; c++)
            {
                float* u = sums + (r * TForm.Points + c) * plane;
                if (ranges > 1)
                {
                    new ReadOnlySpan<float>(u, elements).CopyTo(new Span<float>(point, elements));
                    for (int range = 1; range < ranges; range++) AddScaled(u + range * Points * plane, 1, point);
                    u = point;
                }
                for (int k = 0; k < 3; k++) AddScaled(u, TForm.Filter[c * 3 + k], rows + k * elements);
            }
            for (int k = 0; k < 3; k++)
            for (int l = 0; l < 3; l++)
                AddScaled(rows + l * elements, TForm.Filter[r * 3 + k], packed + (k * 3 + l) * elements);
        }
    }

    static void AddScaled(float* from, float factor, float* to)
    {
        if (factor == 0) return;
        var f = Vector256.Create(factor);
        for (int e = 0; e < ConvShape.Lanes * ConvShape.Lanes; e += Vector256<float>.Count)
            Vector256.FusedMultiplyAdd(f, Vector256.Load(from + e), Vector256.Load(to + e)).Store(to + e);
    }
}
