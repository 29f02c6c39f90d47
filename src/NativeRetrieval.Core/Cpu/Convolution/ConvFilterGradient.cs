using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Gradient of a convolution's kernels: <c>dW[tap][i][o] = Σ_pixels x[pixel + tap][i] · dy[pixel][o]</c>. A tile's rows are (tap, input
/// channel), its columns 16 output channels, and it sums along the pixels of a few image rows.
/// </summary>
internal static unsafe class ConvFilterGradient
{
    /// <summary>Pixels one tile sums before it is stored: the input and gradient rows behind them stay in the first-level cache.</summary>
    const int RunPixels = 192;
    /// <summary>Size of the bordered input rows of one block.</summary>
    const int BandFloats = 48 * 1024;
    /// <summary>
    /// Sums of at most this many row ranges are held side by side; a constant, so that results do not depend on the machine.
    /// </summary>
    const int MaxPartials = 8;

    /// <summary>Floats of working memory for <see cref="Run"/>.</summary>
    public static nint WorkFloats(ConvShape s) => Ranges(s) * s.PackedFloats;

    /// <summary>
    /// Writes the gradient in the layout of filters; <paramref name="work"/> holds <see cref="WorkFloats"/>.
    /// </summary>
    public static void Run(ConvShape s, float* x, float* dy, float* dWeight, float* work, TileKind best)
    {
        if (s.Rows * s.Width == 0)
        {
            new Span<float>(dWeight, checked((int)(s.OutBlocks * s.KernelPanelFloats))).Clear();
            return;
        }
        TileKind kind = ConvTile.For(best, s.OutBlocks);
        int ranges = Ranges(s);
        Workers.Run(ranges * s.InBlocks, part =>
        {
            int range = part / s.InBlocks, block = part % s.InBlocks;
            int first = (int)((long)s.Rows * range / ranges), last = (int)((long)s.Rows * (range + 1) / ranges);
            Block(s, x, dy, work + range * s.PackedFloats, kind, block, first, last);
        });
        Workers.Run(s.OutBlocks, panel => Sum(s, work + panel * s.PanelFloats, ranges, dWeight + panel * s.KernelPanelFloats));
    }

    /// <summary>Wide layers are cut by input block and need no partial sums; narrow ones are cut by rows, at a fixed size.</summary>
    static int Ranges(ConvShape s) =>
        s.InBlocks >= MaxPartials ? 1 : Math.Clamp((int)((long)s.Rows * s.Width / 4096), 1, Math.Clamp(s.Rows, 1, MaxPartials));

    /// <summary>One panel of the gradient: packed gradients [range], [block][tap][input lane][16], added in their order.</summary>
    static void Sum(ConvShape s, float* packed, int ranges, float* dWeight)
    {
        for (int i = 0; i < s.InChannels; i++)
        for (int tap = 0; tap < s.Taps; tap++, dWeight += ConvShape.Lanes)
        {
            int block = i / s.InLanes, lane = i % s.InLanes;
            float* row = packed + ((block * s.Taps + tap) * s.InLanes + lane) * ConvShape.Lanes;
            AddRanges(row, s.PackedFloats, ranges, ConvShape.Lanes, dWeight);
        }
    }

    /// <summary>Values of all ranges, <paramref name="stride"/> floats apart, added in their order.</summary>
    public static void AddRanges(float* partials, nint stride, int ranges, nint count, float* sums)
    {
        for (nint i = 0; i < count; i += Vector256<float>.Count)
        {
            var sum = Vector256.Load(partials + i);
            for (int range = 1; range < ranges; range++) sum += Vector256.Load(partials + range * stride + i);
            sum.Store(sums + i);
        }
    }

    static void Block(ConvShape s, float* x, float* dy, float* partial, TileKind kind, int block, int first, int last)
    {
        int tileRows = ConvTile.Rows(kind), rows = s.Taps * s.InLanes, tiles = (rows + tileRows - 1) / tileRows;
        nint pitch = (s.Width + s.Border) * s.InLanes, plane = s.Plane * ConvShape.Lanes, blockFloats = (nint)rows * ConvShape.Lanes;
        nint* sources = stackalloc nint[2 * tiles * tileRows], targets = sources + tiles * tileRows;
        for (int r = 0; r < tiles * tileRows; r++)
        {
            int row = Math.Min(r, rows - 1), tap = row / s.InLanes;
            sources[r] = tap / s.Kernel * pitch + (tap % s.Kernel) * s.InLanes + row % s.InLanes;
            targets[r] = (nint)row * ConvShape.Lanes;
        }

        int bandRows = Math.Max(1, (int)(BandFloats / pitch) - 2), runRows = Math.Max(1, RunPixels / s.Width);
        nint* segments = stackalloc nint[Math.Min(bandRows, last - first)];
        for (int g = first; g < last; g += bandRows)
        {
            int end = Math.Min(last, g + bandRows);
            nint stride = ConvRows.BufferFloats(s, g, end);
            float* buffer = ConvScratch.First(stride);
            ConvRows.Copy(s, x, block, 1, g, end, buffer, stride);
            ConvRows.RowOffsets(s, g, end, segments);
            for (int panel = 0; panel < s.OutBlocks; panel += ConvTile.Panels(kind))
            {
                bool accumulate = g > first;
                for (int row = g; row < end;)
                {
                    int image = row / s.Height, y = row % s.Height;
                    int count = Math.Min(Math.Min(runRows, end - row), s.Height - y);
                    var tile = new ConvTile
                    {
                        A = buffer, Segments = segments + (row - g), SegmentCount = count, SegmentLength = s.Width,
                        W = dy + image * s.OutImage + panel * plane + (nint)y * s.Width * ConvShape.Lanes, PanelStride = plane,
                        C = partial + panel * s.PanelFloats + block * blockFloats, ColumnPanelStride = s.PanelFloats,
                        Accumulate = accumulate,
                    };
                    for (int t = 0; t < tiles; t++)
                    {
                        tile.RowOffsets = sources + t * tileRows;
                        tile.ColumnOffsets = targets + t * tileRows;
                        ConvTile.Run(kind, &tile, across: !s.SingleInput);
                    }
                    accumulate = true;
                    row += count;
                }
            }
        }
    }
}
