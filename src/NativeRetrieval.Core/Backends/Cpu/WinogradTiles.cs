using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>
/// Moves feature maps in and out of Winograd's domain. An image is cut into m x m output tiles, numbered across images; tile values lie as
/// [point][block][tile][16], with <paramref name="pointStride"/> floats between points.
/// </summary>
internal readonly unsafe struct WinogradTiles<TForm>(ConvShape s) where TForm : struct, IWinogradForm
{
    const int Half = 8;

    readonly int _across = (s.Width + TForm.Outputs - 1) / TForm.Outputs;
    readonly int _down = (s.Height + TForm.Outputs - 1) / TForm.Outputs;

    public int Count => s.Batch * _across * _down;

    /// <summary>Bᵀ d B of tiles [first, first + count) of one channel block.</summary>
    public void Input(float* x, int blocks, int block, int first, int count, float* to, nint pointStride)
    {
        float* patch = stackalloc float[TForm.Points * TForm.Points * ConvShape.Lanes], half = stackalloc float[TForm.Points * TForm.Points * Half];
        for (int t = 0; t < count; t++, to += ConvShape.Lanes)
        {
            var (image, y, column) = Place(first + t);
            float* plane = x + ((nint)image * blocks + block) * s.Plane * ConvShape.Lanes;
            float* from = Read(plane, y - 1, column - 1, TForm.Points, patch, out nint row);
            for (int lane = 0; lane < ConvShape.Lanes; lane += Half)
            {
                for (int c = 0; c < TForm.Points; c++) TForm.Input(from + c * ConvShape.Lanes + lane, row, half + c * Half, TForm.Points * Half);
                for (int r = 0; r < TForm.Points; r++) TForm.Input(half + r * TForm.Points * Half, Half, to + r * TForm.Points * pointStride + lane, pointStride);
            }
        }
    }

    /// <summary>A dy Aᵀ of tiles [first, first + count) of one channel block.</summary>
    public void OutputAdjoint(float* dy, int blocks, int block, int first, int count, float* to, nint pointStride)
    {
        float* patch = stackalloc float[TForm.Outputs * TForm.Outputs * ConvShape.Lanes], half = stackalloc float[TForm.Outputs * TForm.Points * Half];
        for (int t = 0; t < count; t++, to += ConvShape.Lanes)
        {
            var (image, y, column) = Place(first + t);
            float* plane = dy + ((nint)image * blocks + block) * s.Plane * ConvShape.Lanes;
            float* from = Read(plane, y, column, TForm.Outputs, patch, out nint row);
            for (int lane = 0; lane < ConvShape.Lanes; lane += Half)
            {
                for (int c = 0; c < TForm.Outputs; c++) TForm.OutputAdjoint(from + c * ConvShape.Lanes + lane, row, half + c * Half, TForm.Outputs * Half);
                for (int r = 0; r < TForm.Points; r++) TForm.OutputAdjoint(half + r * TForm.Outputs * Half, Half, to + r * TForm.Points * pointStride + lane, pointStride);
            }
        }
    }

    /// <summary>Aᵀ m A of tiles [first, first + count) of one channel block, plus bias, through an optional ReLU.</summary>
    public void Output(float* from, nint pointStride, float* y, int blocks, int block, int first, int count, float* bias, bool relu)
    {
        float* patch = stackalloc float[TForm.Outputs * TForm.Outputs * ConvShape.Lanes], half = stackalloc float[TForm.Outputs * TForm.Points * Half];
        for (int t = 0; t < count; t++, from += ConvShape.Lanes)
        {
            var (image, top, column) = Place(first + t);
            float* plane = y + ((nint)image * blocks + block) * s.Plane * ConvShape.Lanes;
            int rows = Math.Min(TForm.Outputs, s.Height - top), columns = Math.Min(TForm.Outputs, s.Width - column);
            bool whole = rows == TForm.Outputs && columns == TForm.Outputs;
            nint row = (whole ? s.Width : TForm.Outputs) * ConvShape.Lanes;
            float* target = plane + ((nint)top * s.Width + column) * ConvShape.Lanes, to = whole ? target : patch;
            for (int lane = 0; lane < ConvShape.Lanes; lane += Half)
            {
                for (int c = 0; c < TForm.Points; c++) TForm.Output(from + c * pointStride + lane, TForm.Points * pointStride, half + c * Half, TForm.Points * Half);
                for (int r = 0; r < TForm.Outputs; r++) TForm.Output(half + r * TForm.Points * Half, Half, to + r * row + lane, ConvShape.Lanes);
                if (bias != null || relu) Finish(to + lane, row, bias == null ? Vector256<float>.Zero : Vector256.Load(bias + lane), relu);
            }
            if (whole) continue;
            for (int r = 0; r < rows; r++)
                new ReadOnlySpan<float>(patch + r * row, columns * ConvShape.Lanes).CopyTo(new Span<float>(target + (nint)r * s.Width * ConvShape.Lanes, columns * ConvShape.Lanes));
        }
    }

    static void Finish(float* to, nint row, Vector256<float> bias, bool relu)
    {
        for (int r = 0; r < TForm.Outputs; r++)
        for (int c = 0; c < TForm.Outputs; c++)
        {
            float* at = to + r * row + c * ConvShape.Lanes;
            var value = Vector256.Load(at) + bias;
            (relu ? Vector256.Max(value, Vector256<float>.Zero) : value).Store(at);
        }
    }

    (int Image, int Y, int X) Place(int tile)
    {
        int image = tile / (_across * _down), rest = tile % (_across * _down);
        return (image, rest / _across * TForm.Outputs, rest % _across * TForm.Outputs);
    }

    /// <summary>Where a size x size patch can be read: in the image itself, or copied with zeros where it passes the edge.</summary>
    float* Read(float* plane, int y, int x, int size, float* patch, out nint row)
    {
        if (y >= 0 && x >= 0 && y + size <= s.Height && x + size <= s.Width)
        {
            row = s.Width * ConvShape.Lanes;
            return plane + ((nint)y * s.Width + x) * ConvShape.Lanes;
        }
        row = size * ConvShape.Lanes;
        new Span<float>(patch, size * size * ConvShape.Lanes).Clear();
        int left = Math.Max(0, -x), right = Math.Min(size, s.Width - x);
        for (int r = Math.Max(0, -y); r < Math.Min(size, s.Height - y); r++)
            new ReadOnlySpan<float>(plane + ((nint)(y + r) * s.Width + x + left) * ConvShape.Lanes, (right - left) * ConvShape.Lanes)
                .CopyTo(new Span<float>(patch + r * row + left * ConvShape.Lanes, (right - left) * ConvShape.Lanes));
        return patch;
    }
}
