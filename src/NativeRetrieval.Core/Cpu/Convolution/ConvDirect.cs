using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Direct convolution. A part of the work is a band of image rows times a range of output panels; it copies its input, a few channel
/// blocks at a time, into a bordered buffer that stays in the second-level cache, and walks tiles of pixels over it. Tiles take pixels in
/// order across rows and images, so that small images fill them as well as large ones.
/// </summary>
internal static unsafe class ConvDirect
{
    /// <summary>
    /// Input blocks that are summed in registers before the output is touched: 128 channels, 74 KB of 3x3 weights per panel.
    /// </summary>
    const int ChunkBlocks = 8;
    /// <summary>Size of the bordered input of a band.</summary>
    const int BandFloats = 40 * 1024;
    const int MaxBandPixels = 1024;

    /// <summary>
    /// y = relu?(x ∗ w + bias); <paramref name="packed"/> as <see cref="ConvPack.Pack"/> makes it, <paramref name="bias"/> padded to whole
    /// panels or null.
    /// </summary>
    public static void Run(ConvShape s, float* x, float* packed, float* bias, bool relu, float* y, TileKind best)
    {
        if (s.Rows == 0 || s.Width == 0) return;
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        int chunk = Math.Min(ChunkBlocks, s.InBlocks);
        int bandPixels = Math.Clamp(BandFloats / (chunk * s.InLanes), s.Width, Math.Max(s.Width, MaxBandPixels));
        int bands = (s.Rows * s.Width + bandPixels - 1) / bandPixels;
        int groups = s.OutBlocks / ConvTile.Panels(kind);
        // Few bands (small images): cut the output channels too, so that every core has work. Every output value is summed in the
        // same order however the work is cut.
        int splits = Math.Clamp(4 * Workers.Count / bands, 1, groups);
        var cut = new Cut(s, x, packed, bias, relu, y, kind, chunk, bands, splits);
        Workers.Run(bands * splits, cut, static (cut, part) => cut.RunPart(part));
    }

    /// <summary>A convolution cut into bands of rows times ranges of panels.</summary>
    readonly struct Cut(ConvShape s, float* x, float* packed, float* bias, bool relu, float* y, TileKind kind, int chunk, int bands,
        int splits)
    {
        public void RunPart(int part)
        {
            int panels = ConvTile.Panels(kind), groups = s.OutBlocks / panels, band = part / splits, split = part % splits;
            int first = (int)((long)s.Rows * band / bands), last = (int)((long)s.Rows * (band + 1) / bands);
            int from = groups * split / splits * panels, to = groups * (split + 1) / splits * panels;
            if (first < last && from < to) Band(s, x, packed, bias, relu, y, kind, chunk, first, last, from, to);
        }
    }

    static void Band(ConvShape s, float* x, float* packed, float* bias, bool relu, float* y, TileKind kind, int chunk, int first, int last,
        int fromPanel, int toPanel)
    {
        int tileRows = ConvTile.Rows(kind), panels = ConvTile.Panels(kind);
        int pixels = (last - first) * s.Width, tiles = (pixels + tileRows - 1) / tileRows, padded = tiles * tileRows;
        nint stride = ConvRows.BufferFloats(s, first, last);
        float* buffer = ConvScratch.First(stride * chunk + 16 + 2 * padded * (sizeof(nint) / sizeof(float)));
        nint* sources = (nint*)(buffer + (stride * chunk + 15) / 16 * 16), targets = sources + padded;
        PixelOffsets(s, first, last, padded, sources, targets);

        nint* segments = stackalloc nint[chunk * s.Kernel];
        nint pitch = (s.Width + s.Border) * s.InLanes;
        for (int b = 0; b < chunk; b++)
            for (int row = 0; row < s.Kernel; row++) segments[b * s.Kernel + row] = b * stride + row * pitch;

        nint plane = s.Plane * ConvShape.Lanes;
        for (int block = 0; block < s.InBlocks; block += chunk)
        {
            int blocks = Math.Min(chunk, s.InBlocks - block);
            ConvRows.Copy(s, x, block, blocks, first, last, buffer, stride);
            var tile = new ConvTile
            {
                A = buffer, Segments = segments, SegmentCount = blocks * s.Kernel, SegmentLength = s.Kernel * s.InLanes,
                PanelStride = s.PanelFloats, ColumnPanelStride = plane, Accumulate = block > 0, Relu = relu && block + blocks == s.InBlocks,
            };
            for (int panel = fromPanel; panel < toPanel; panel += panels)
            {
                tile.W = packed + panel * s.PanelFloats + (nint)block * s.Taps * s.InLanes * ConvShape.Lanes;
                tile.C = y + panel * plane;
                tile.Bias = bias == null || block > 0 ? null : bias + panel * ConvShape.Lanes;
                for (int t = 0; t < padded; t += tileRows)
                {
                    tile.RowOffsets = sources + t;
                    tile.ColumnOffsets = targets + t;
                    ConvTile.Run(kind, &tile, across: false);
                }
            }
        }
    }

    /// <summary>Places where each pixel of a band is read and written; the last tile repeats the last pixel and stores it again.</summary>
    static void PixelOffsets(ConvShape s, int first, int last, int padded, nint* sources, nint* targets)
    {
        nint* rows = stackalloc nint[last - first];
        ConvRows.RowOffsets(s, first, last, rows);
        int p = 0;
        for (int g = first; g < last; g++)
            for (int column = 0; column < s.Width; column++, p++)
            {
                sources[p] = rows[g - first] + column * s.InLanes;
                targets[p] = g / s.Height * s.OutImage + ((nint)(g % s.Height) * s.Width + column) * ConvShape.Lanes;
            }
        for (; p < padded; p++) (sources[p], targets[p]) = (sources[p - 1], targets[p - 1]);
    }
}
