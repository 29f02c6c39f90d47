using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Moves feature maps in and out of Winograd's domain. An image is cut into tiles of as many outputs as the two forms make, numbered across
/// images; tile values lie as [point][…][tile][16], with <c>pointStride</c> floats between points.
/// </summary>
internal readonly unsafe struct WinogradTiles<TDown, TAcross>(ConvShape s)
    where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
{
    const int Half = 8;

    readonly int _across = (s.Width + TAcross.Outputs - 1) / TAcross.Outputs;
    readonly int _down = (s.Height + TDown.Outputs - 1) / TDown.Outputs;

    public int Count => s.Batch * _across * _down;

    /// <summary>Bᵀ d B of tiles [first, first + count) of one channel block.</summary>
    public void Input(float* x, int blocks, int block, int first, int count, float* to, nint pointStride)
    {
        float* patch = stackalloc float[TDown.Inputs * TAcross.Inputs * ConvShape.Lanes];
        float* half = stackalloc float[TDown.Points * TAcross.Inputs * Half];
        for (int t = 0; t < count; t++, to += ConvShape.Lanes)
        {
            var (image, y, column) = Place(first + t);
            float* plane = x + ((nint)image * blocks + block) * s.Plane * ConvShape.Lanes;
            float* from = Read(plane, y - TDown.Before, column - TAcross.Before, TDown.Inputs, TAcross.Inputs, patch, out nint row);
            for (int lane = 0; lane < ConvShape.Lanes; lane += Half)
            {
                for (int c = 0; c < TAcross.Inputs; c++)
                    TDown.Input(from + c * ConvShape.Lanes + lane, row, half + c * Half, TAcross.Inputs * Half);
                for (int r = 0; r < TDown.Points; r++)
                    TAcross.Input(half + r * TAcross.Inputs * Half, Half, to + r * TAcross.Points * pointStride + lane, pointStride);
            }
        }
    }

    /// <summary>A dy Aᵀ of tiles [first, first + count) of one channel block.</summary>
    public void OutputAdjoint(float* dy, int blocks, int block, int first, int count, float* to, nint pointStride)
    {
        float* patch = stackalloc float[TDown.Outputs * TAcross.Outputs * ConvShape.Lanes];
        float* half = stackalloc float[TDown.Points * TAcross.Outputs * Half];
        for (int t = 0; t < count; t++, to += ConvShape.Lanes)
        {
            var (image, y, column) = Place(first + t);
            float* plane = dy + ((nint)image * blocks + block) * s.Plane * ConvShape.Lanes;
            float* from = Read(plane, y, column, TDown.Outputs, TAcross.Outputs, patch, out nint row);
            for (int lane = 0; lane < ConvShape.Lanes; lane += Half)
            {
                for (int c = 0; c < TAcross.Outputs; c++)
                    TDown.OutputAdjoint(from + c * ConvShape.Lanes + lane, row, half + c * Half, TAcross.Outputs * Half);
                for (int r = 0; r < TDown.Points; r++)
                    TAcross.OutputAdjoint(half + r * TAcross.Outputs * Half, Half, to + r * TAcross.Points * pointStride + lane,
                        pointStride);
            }
        }
    }

    /// <summary>
    /// Aᵀ m A of tiles [first, first + count) of one channel block, times a scale, plus bias, through an optional ReLU.
    /// </summary>
    /// <param name="scale">A factor for each channel of all blocks; null: 1.</param>
    /// <param name="bias">A summand for each channel of all blocks; null: 0.</param>
    public void Output(float* from, nint pointStride, float* y, int blocks, int block, int first, int count, float* scale, float* bias,
        bool relu)
    {
        float* patch = stackalloc float[TDown.Outputs * TAcross.Outputs * ConvShape.Lanes];
        float* half = stackalloc float[TDown.Outputs * TAcross.Points * Half];
        for (int t = 0; t < count; t++, from += ConvShape.Lanes)
        {
            var (image, top, column) = Place(first + t);
            float* plane = y + ((nint)image * blocks + block) * s.Plane * ConvShape.Lanes;
            int rows = Math.Min(TDown.Outputs, s.Height - top), columns = Math.Min(TAcross.Outputs, s.Width - column);
            bool whole = rows == TDown.Outputs && columns == TAcross.Outputs;
            nint row = (whole ? s.Width : TAcross.Outputs) * ConvShape.Lanes;
            float* target = plane + ((nint)top * s.Width + column) * ConvShape.Lanes, to = whole ? target : patch;
            for (int lane = 0; lane < ConvShape.Lanes; lane += Half)
            {
                for (int c = 0; c < TAcross.Points; c++)
                    TDown.Output(from + c * pointStride + lane, TAcross.Points * pointStride, half + c * Half, TAcross.Points * Half);
                for (int r = 0; r < TDown.Outputs; r++)
                    TAcross.Output(half + r * TAcross.Points * Half, Half, to + r * row + lane, ConvShape.Lanes);
                if (scale == null && bias == null && !relu) continue;
                nint channel = block * ConvShape.Lanes + lane;
                Finish(to + lane, row, scale == null ? Vector256<float>.One : Vector256.Load(scale + channel),
                    bias == null ? Vector256<float>.Zero : Vector256.Load(bias + channel), relu);
            }
            if (whole) continue;
            for (int r = 0; r < rows; r++)
                new ReadOnlySpan<float>(patch + r * row, columns * ConvShape.Lanes)
                    .CopyTo(new Span<float>(target + (nint)r * s.Width * ConvShape.Lanes, columns * ConvShape.Lanes));
        }
    }

    static void Finish(float* to, nint row, Vector256<float> scale, Vector256<float> bias, bool relu)
    {
        for (int r = 0; r < TDown.Outputs; r++)
        for (int c = 0; c < TAcross.Outputs; c++)
        {
            float* at = to + r * row + c * ConvShape.Lanes;
            var value = Vector256.FusedMultiplyAdd(Vector256.Load(at), scale, bias);
            (relu ? Vector256.Max(value, Vector256<float>.Zero) : value).Store(at);
        }
    }

    (int Image, int Y, int X) Place(int tile)
    {
        int image = tile / (_across * _down), rest = tile % (_across * _down);
        return (image, rest / _across * TDown.Outputs, rest % _across * TAcross.Outputs);
    }

    /// <summary>The place from which a patch is read: in the image itself, or copied with zeros where it passes the edge.</summary>
    float* Read(float* plane, int y, int x, int height, int width, float* patch, out nint row)
    {
        if (y >= 0 && x >= 0 && y + height <= s.Height && x + width <= s.Width)
        {
            row = s.Width * ConvShape.Lanes;
            return plane + ((nint)y * s.Width + x) * ConvShape.Lanes;
        }
        row = width * ConvShape.Lanes;
        new Span<float>(patch, height * width * ConvShape.Lanes).Clear();
        int left = Math.Max(0, -x), right = Math.Min(width, s.Width - x);
        for (int r = Math.Max(0, -y); r < Math.Min(height, s.Height - y); r++)
            new ReadOnlySpan<float>(plane + ((nint)(y + r) * s.Width + x + left) * ConvShape.Lanes, (right - left) * ConvShape.Lanes)
                .CopyTo(new Span<float>(patch + r * row + left * ConvShape.Lanes, (right - left) * ConvShape.Lanes));
        return patch;
    }
}
