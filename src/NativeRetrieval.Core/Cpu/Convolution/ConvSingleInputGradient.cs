using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Gradient of a convolution's single input channel, <c>dx[p] = Σ_tap Σ_o dy[p − tap][o] · w[o][tap]</c>: the lanes run over output
/// channels and are added at the end. The general kernel would compute fifteen channels that do not exist.
/// </summary>
internal static unsafe class ConvSingleInputGradient
{
    const int Lanes = ConvShape.Lanes;
    const int Half = Lanes / 2;
    /// <summary>Size of the bordered gradient rows of a band; they stay in the second-level cache.</summary>
    const int BandFloats = 40 * 1024;

    /// <param name="s">The forward convolution.</param>
    /// <param name="dy">[N, ⌈O/16⌉, H, W, 16].</param>
    /// <param name="weight">[O, 1, k, k] in the layout of filters: [block][tap][16 out].</param>
    /// <param name="dx">[N, 1, H, W].</param>
    public static void Run(ConvShape s, float* dy, float* weight, float* dx)
    {
        if (s.Rows == 0 || s.Width == 0) return;
        ConvShape t = s.Transposed;
        // [block][tap, reversed][16 out]
        var weights = new float[t.InBlocks * s.Taps * Lanes];
        for (int block = 0; block < t.InBlocks; block++)
            for (int tap = 0; tap < s.Taps; tap++)
                new ReadOnlySpan<float>(weight + (block * s.Taps + tap) * Lanes, Lanes)
                    .CopyTo(weights.AsSpan((block * s.Taps + s.Taps - 1 - tap) * Lanes));

        int bandRows = Math.Max(1, BandFloats / (t.InBlocks * Lanes * (s.Width + 1))), bands = (s.Rows + bandRows - 1) / bandRows;
        Workers.Run(bands, band =>
        {
            int first = band * bandRows, last = Math.Min(s.Rows, first + bandRows);
            nint stride = ConvRows.BufferFloats(t, first, last);
            float* buffer = ConvScratch.First(stride * t.InBlocks);
            ConvRows.Copy(t, dy, 0, t.InBlocks, first, last, buffer, stride);
            nint* rows = stackalloc nint[last - first];
            ConvRows.RowOffsets(t, first, last, rows);
            fixed (float* w = weights)
                for (int row = first; row < last; row++) Row(t, buffer + rows[row - first], stride, w, dx + (nint)row * s.Width);
        });
    }

    static void Row(ConvShape t, float* from, nint stride, float* weights, float* to)
    {
        nint pitch = (t.Width + t.Border) * Lanes;
        int x = 0;
        for (; x + 4 <= t.Width; x += 4, from += 4 * Lanes)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            float* w = weights;
            for (int block = 0; block < t.InBlocks; block++)
            for (int r = 0; r < t.Kernel; r++)
            {
                float* at = from + block * stride + r * pitch;
                // Taps of a kernel row follow each other in memory, as do their weights.
                for (float* end = w + t.Kernel * Lanes; w < end; w += Half, at += Half)
                {
                    var weight = Vector256.Load(w);
                    a = Vector256.FusedMultiplyAdd(Vector256.Load(at), weight, a);
                    b = Vector256.FusedMultiplyAdd(Vector256.Load(at + Lanes), weight, b);
                    c = Vector256.FusedMultiplyAdd(Vector256.Load(at + 2 * Lanes), weight, c);
                    d = Vector256.FusedMultiplyAdd(Vector256.Load(at + 3 * Lanes), weight, d);
                }
            }
            to[x] = Vector256.Sum(a);
            to[x + 1] = Vector256.Sum(b);
            to[x + 2] = Vector256.Sum(c);
            to[x + 3] = Vector256.Sum(d);
        }
        for (; x < t.Width; x++, from += Lanes)
        {
            Vector256<float> sum = default;
            float* w = weights;
            for (int block = 0; block < t.InBlocks; block++)
            for (int r = 0; r < t.Kernel; r++)
            {
                float* at = from + block * stride + r * pitch;
                for (float* end = w + t.Kernel * Lanes; w < end; w += Half, at += Half)
                    sum = Vector256.FusedMultiplyAdd(Vector256.Load(at), Vector256.Load(w), sum);
            }
            to[x] = Vector256.Sum(sum);
        }
    }
}
