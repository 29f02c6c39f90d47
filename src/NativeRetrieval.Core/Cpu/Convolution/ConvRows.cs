using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Copies image rows of a few channel blocks into a buffer with zero borders. A buffer row is one zero pixel and W pixels: the zero
/// that starts the next row also ends this one. Rows of several images follow each other, each image with its own zero rows.
/// </summary>
internal static unsafe class ConvRows
{
    /// <summary>Buffer floats for one block: rows [first, last) of all images, with borders.</summary>
    public static nint BufferFloats(ConvShape s, int first, int last)
    {
        if (s.Border == 0) return (nint)(last - first) * s.Width * s.InLanes;
        int images = (last - 1) / s.Height - first / s.Height + 1;
        return ((nint)(last - first + 2 * s.Border * images) * (s.Width + s.Border) + s.Border) * s.InLanes;
    }

    /// <summary>Offset in the buffer of the first tap of the pixel at the start of each row of [first, last).</summary>
    public static void RowOffsets(ConvShape s, int first, int last, nint* offsets)
    {
        int pitch = (s.Width + s.Border) * s.InLanes, row = 0;
        for (int g = first; g < last; g++, row++)
        {
            if (g != first && g % s.Height == 0) row += 2 * s.Border;
            offsets[g - first] = (nint)row * pitch;
        }
    }

    /// <summary>
    /// Fills the buffer: blocks [block, block + blocks) of rows [first, last), one after another at <paramref name="stride"/> floats.
    /// </summary>
    public static void Copy(ConvShape s, float* x, int block, int blocks, int first, int last, float* buffer, nint stride)
    {
        nint lanes = s.InLanes, width = s.Width * lanes, border = s.Border * lanes, pitch = width + border, plane = s.Plane * lanes;
        for (int b = 0; b < blocks; b++)
        {
            float* to = buffer + b * stride;
            for (int g = first; g < last;)
            {
                int image = g / s.Height, y = g % s.Height, end = Math.Min(s.Height, y + last - g);
                float* from = x + image * s.InImage + (block + b) * plane;
                g += end - y;
                if (s.Border == 0)
                {
                    Block(from + y * width, to, (end - y) * width);
                    to += (end - y) * width;
                    continue;
                }
                for (int row = y - s.Border; row < end + s.Border; row++, to += pitch)
                {
                    new Span<float>(to, (int)border).Clear();
                    if ((uint)row < (uint)s.Height) Block(from + row * width, to + border, width);
                    else new Span<float>(to + border, (int)width).Clear();
                }
            }
            if (s.Border != 0) new Span<float>(to, (int)border).Clear();
        }
    }

    static void Block(float* from, float* to, nint floats) => Buffer.MemoryCopy(from, to, floats * sizeof(float), floats * sizeof(float));
}

/// <summary>Three small working buffers of each thread, kept for its next convolution. They hold whatever an earlier use left.</summary>
internal static unsafe class ConvScratch
{
    [ThreadStatic] static AlignedBuffer? t_first;
    [ThreadStatic] static AlignedBuffer? t_second;
    [ThreadStatic] static AlignedBuffer? t_third;

    public static float* First(nint floats) => (t_first ??= new AlignedBuffer()).Reserve<float>((nuint)floats);

    public static float* Second(nint floats) => (t_second ??= new AlignedBuffer()).Reserve<float>((nuint)floats);

    public static float* Third(nint floats) => (t_third ??= new AlignedBuffer()).Reserve<float>((nuint)floats);
}
