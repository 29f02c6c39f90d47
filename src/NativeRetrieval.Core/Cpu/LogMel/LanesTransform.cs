using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.LogMel;

/// <summary>
/// Complex Fourier transforms of eight signals at once, one per vector lane, in place: decimation in frequency by eights, then a four or a
/// two where the size asks for it. The result stays in digit-reversed order; <see cref="PositionOf"/> finds a frequency.
/// </summary>
/// <remarks>
/// Real and imaginary part of a point share a cache line; one line of gap after every 64 points keeps the eight points of a first-pass
/// butterfly out of one set of the first-level cache. Twiddle factors are computed in float64.
/// </remarks>
internal sealed unsafe class LanesTransform
{
    public const int Lanes = 8;
    const int GapEvery = 64;
    const float HalfRoot = 0.70710678118654752f;

    readonly int _size;
    readonly List<(int Block, int Radix, float[] Twiddles)> _passes = [];

    /// <param name="size">A power of two, at least 2.</param>
    public LanesTransform(int size)
    {
        _size = size;
        for (int block = size; block > 1;)
        {
            int radix = block >= 8 ? 8 : block;
            _passes.Add((block, radix, TwiddlesOf(block, radix)));
            block /= radix;
        }
    }

    /// <summary>Vectors that the points take in memory, with their gaps.</summary>
    public int StorageVectors => Slot(_size - 1) + 2;

    /// <summary>The place of the real part of point <paramref name="n"/>; the imaginary part follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Slot(int n) => 2 * (n + n / GapEvery);

    /// <summary>The point that holds frequency <paramref name="k"/> after <see cref="Run"/>.</summary>
    public int PositionOf(int k)
    {
        int position = 0;
        foreach (var (block, radix, _) in _passes)
        {
            position += k % radix * (block / radix);
            k /= radix;
        }
        return position;
    }

    public void Run(Vector256<float>* points)
    {
        foreach (var (block, radix, twiddles) in _passes)
            fixed (float* w = twiddles)
                for (int start = 0; start < _size; start += block)
                {
                    if (radix == 8) Eights(points, start, block / 8, w);
                    else if (radix == 4) Four(points, start);
                    else Two(points, start);
                }
    }

    /// <summary>e^(−2πi m j / block) for j &lt; block / radix and m = 1 … radix − 1, real and imaginary part in turn.</summary>
    static float[] TwiddlesOf(int block, int radix)
    {
        var twiddles = new List<float>();
        for (int j = 0; j < block / radix; j++)
            for (int m = 1; m < radix; m++)
            {
                double angle = -2 * Math.PI * m * j / block;
                twiddles.Add((float)Math.Cos(angle));
                twiddles.Add((float)Math.Sin(angle));
            }
        return [.. twiddles];
    }

    static void Eights(Vector256<float>* points, int start, int stride, float* w)
    {
        var half = Vector256.Create(HalfRoot);
        for (int j = 0; j < stride; j++, w += 14)
        {
            var p0 = points + Slot(start + j);
            var p1 = points + Slot(start + j + stride);
            var p2 = points + Slot(start + j + 2 * stride);
            var p3 = points + Slot(start + j + 3 * stride);
            var p4 = points + Slot(start + j + 4 * stride);
            var p5 = points + Slot(start + j + 5 * stride);
            var p6 = points + Slot(start + j + 6 * stride);
            var p7 = points + Slot(start + j + 7 * stride);

            // Sums and differences of points half a block apart: the sums give the even outputs, the differences the odd ones.
            Vector256<float> s0r = p0[0] + p4[0], s0i = p0[1] + p4[1], d0r = p0[0] - p4[0], d0i = p0[1] - p4[1];
            Vector256<float> s2r = p2[0] + p6[0], s2i = p2[1] + p6[1], d2r = p2[0] - p6[0], d2i = p2[1] - p6[1];
            Vector256<float> s1r = p1[0] + p5[0], s1i = p1[1] + p5[1], d1r = p1[0] - p5[0], d1i = p1[1] - p5[1];
            Vector256<float> s3r = p3[0] + p7[0], s3i = p3[1] + p7[1], d3r = p3[0] - p7[0], d3i = p3[1] - p7[1];

            Vector256<float> e0r = s0r + s2r, e0i = s0i + s2i, e1r = s1r + s3r, e1i = s1i + s3i;
            p0[0] = e0r + e1r;
            p0[1] = e0i + e1i;
            Store(p4, e0r - e1r, e0i - e1i, w + 6);
            Vector256<float> f0r = s0r - s2r, f0i = s0i - s2i, f1r = s1i - s3i, f1i = s3r - s1r;         // f1 = −i (s1 − s3)
            Store(p2, f0r + f1r, f0i + f1i, w + 2);
            Store(p6, f0r - f1r, f0i - f1i, w + 10);

            // d1 and d3 turned by one and three eighths of a circle, d2 by a quarter.
            Vector256<float> t1r = (d1r + d1i) * half, t1i = (d1i - d1r) * half;
            Vector256<float> t3r = (d3i - d3r) * half, t3i = -(d3r + d3i) * half;
            Vector256<float> g0r = d0r + d2i, g0i = d0i - d2r, h0r = d0r - d2i, h0i = d0i + d2r;
            Vector256<float> g1r = t1r + t3r, g1i = t1i + t3i;
            Store(p1, g0r + g1r, g0i + g1i, w);
            Store(p5, g0r - g1r, g0i - g1i, w + 8);
            Vector256<float> h1r = t1i - t3i, h1i = t3r - t1r;                                          // h1 = −i (t1 − t3)
            Store(p3, h0r + h1r, h0i + h1i, w + 4);
            Store(p7, h0r - h1r, h0i - h1i, w + 12);
        }
    }

    /// <summary>The last pass of sizes 4 · 8ᵏ: no twiddles are left.</summary>
    static void Four(Vector256<float>* points, int start)
    {
        Vector256<float>* a = points + Slot(start), b = points + Slot(start + 1);
        Vector256<float>* c = points + Slot(start + 2), d = points + Slot(start + 3);
        Vector256<float> sr = a[0] + c[0], si = a[1] + c[1], tr = a[0] - c[0], ti = a[1] - c[1];
        Vector256<float> ur = b[0] + d[0], ui = b[1] + d[1], vr = b[1] - d[1], vi = d[0] - b[0];
        (a[0], a[1]) = (sr + ur, si + ui);
        (c[0], c[1]) = (sr - ur, si - ui);
        (b[0], b[1]) = (tr + vr, ti + vi);
        (d[0], d[1]) = (tr - vr, ti - vi);
    }

    /// <summary>The last pass of sizes 2 · 8ᵏ.</summary>
    static void Two(Vector256<float>* points, int start)
    {
        Vector256<float>* a = points + Slot(start), b = points + Slot(start + 1);
        Vector256<float> re = a[0], im = a[1];
        (a[0], a[1]) = (re + b[0], im + b[1]);
        (b[0], b[1]) = (re - b[0], im - b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<float>* target, Vector256<float> re, Vector256<float> im, float* w)
    {
        Vector256<float> cosine = Vector256.Create(w[0]), sine = Vector256.Create(w[1]);
        target[0] = Vector256.MultiplyAddEstimate(re, cosine, -(im * sine));
        target[1] = Vector256.MultiplyAddEstimate(re, sine, im * cosine);
    }
}
