using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.LogMel;

/// <summary>
/// Complex Fourier transforms in float64 of windowed frames, one frame per vector lane: decimation in frequency by eights, then a four or
/// a two where the size asks for it. The result stays in digit-reversed order; <see cref="SlotOf"/> finds a frequency.
/// </summary>
/// <remarks>
/// Float32 would leave rounding of the loudest tone in the quietest mel bins, tenths of a dB from 110 dB below it. The first pass windows
/// and widens the samples, so that points are written once; the passes of a block follow while the first-level cache holds it. A gap after
/// every eighth of the points keeps the eight points of a first butterfly out of one set of that cache.
/// </remarks>
internal sealed unsafe class LanesTransform
{
    /// <summary>Frames transformed together.</summary>
    public const int Frames = 8;

    const int TileFloats = Frames * Frames;
    const double HalfRoot = 0.70710678118654752;

    readonly int _size, _stride;
    readonly double[] _window;          // per butterfly of the first pass: the weights of its eight pairs of samples
    readonly double[] _twiddles;        // per pass, j and m = 1 … 7: e^(−2πi m j / block), its imaginary part negated too

    /// <param name="size">Points, half the samples of a frame: a power of two, at least 8.</param>
    /// <param name="window">The weight of a frame's sample.</param>
    public LanesTransform(int size, Func<int, double> window)
    {
        (_size, _stride) = (size, size / 8);
        _window = [.. from j in Enumerable.Range(0, _stride) from m in Enumerable.Range(0, 8) from part in Enumerable.Range(0, 2)
            select window(2 * (j + m * _stride) + part)];
        var twiddles = new List<double>();
        for (int block = size; block >= 8; block /= 8)
            for (int j = 0; j < block / 8; j++)
                for (int m = 1; m < 8; m++)
                {
                    double angle = -2 * Math.PI * m * j / block;
                    twiddles.Add(Math.Cos(angle));
                    twiddles.Add(Math.Sin(angle));
                    twiddles.Add(-Math.Sin(angle));
                }
        _twiddles = [.. twiddles];
    }

    /// <summary>Vectors that the points take in memory, with their gaps.</summary>
    public int StorageVectors => 2 * (_size + 8);

    /// <summary>Floats of working memory beside the points.</summary>
    public static int WorkFloats => 8 * TileFloats;

    /// <summary>The place of the real part of frequency <paramref name="k"/> after the transform; the imaginary part follows.</summary>
    public int SlotOf(int k)
    {
        int position = 0;
        for (int block = _size; block > 1;)
        {
            int radix = Math.Min(block, 8);
            block /= radix;
            position += k % radix * block;
            k /= radix;
        }
        return 2 * (position + position / _stride);
    }

    /// <summary>Transforms the frames from <paramref name="lane"/> on of eight.</summary>
    /// <param name="samples">First sample of the first of eight frames; eight samples behind the last frame's end can be read.</param>
    /// <param name="hop">Samples from one frame to the next.</param>
    /// <param name="lane">A multiple of the lanes of <typeparamref name="T"/>.</param>
    /// <param name="work"><see cref="WorkFloats"/> floats.</param>
    /// <param name="points"><see cref="StorageVectors"/> vectors for the result.</param>
    public void Run<T>(float* samples, int hop, int lane, float* work, T* points) where T : unmanaged, ISimdDoubles<T>
    {
        int stride = _stride, step = 2 * (stride + 1);
        fixed (double* window = _window, twiddles = _twiddles)
        {
            for (int first = 0; first < stride; first += 4)
            {
                for (int m = 0; m < 8; m++) Transpose(samples + 2 * (first + m * stride), hop, work + m * TileFloats);
                float* tile = work + lane;
                for (int j = first; j < Math.Min(first + 4, stride); j++, tile += 2 * Frames)
                    Eight<T, Samples<T>, Turned>(new(tile, window + 16 * j), points + 2 * j, step, twiddles + 21 * j);
            }
            if (stride > 1)
                for (int m = 0; m < 8; m++) Finish(points + m * step, stride, twiddles + 21 * stride);
        }
    }

    /// <summary>Turns eight samples of eight frames from one frame after another to side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose(float* samples, int hop, float* tile) =>
        new Rows(Vector256.Load(samples), Vector256.Load(samples + hop), Vector256.Load(samples + 2 * hop),
            Vector256.Load(samples + 3 * hop), Vector256.Load(samples + 4 * hop), Vector256.Load(samples + 5 * hop),
            Vector256.Load(samples + 6 * hop), Vector256.Load(samples + 7 * hop)).Transpose((Vector256<float>*)tile);

    /// <summary>The passes that are left over one block.</summary>
    static void Finish<T>(T* points, int block, double* twiddles) where T : unmanaged, ISimdDoubles<T>
    {
        int stride = block / 8;
        if (block == 2) Two(points);
        else if (block == 4) Four(points);
        else if (block == 8) Eight<T, Points<T>, Unturned>(new Points<T>(points, 2), points, 2, twiddles);
        else
        {
            for (int j = 0; j < stride; j++)
                Eight<T, Points<T>, Turned>(new Points<T>(points + 2 * j, 2 * stride), points + 2 * j, 2 * stride, twiddles + 21 * j);
            for (int m = 0; m < 8; m++) Finish(points + 2 * m * stride, stride, twiddles + 21 * stride);
        }
    }

    /// <summary>A butterfly of eight points, in place or not.</summary>
    static void Eight<T, TPoints, TTurn>(TPoints from, T* to, nint step, double* w)
        where T : unmanaged, ISimdDoubles<T>
        where TPoints : struct, IPoints<T>
        where TTurn : struct, ITurn
    {
        // Sums and differences of points half a block apart: the sums give the even outputs, the differences the odd ones.
        T p0r = from.Part(0, 0), p0i = from.Part(0, 1), p4r = from.Part(4, 0), p4i = from.Part(4, 1);
        T s0r = p0r + p4r, s0i = p0i + p4i, d0r = p0r - p4r, d0i = p0i - p4i;
        T p2r = from.Part(2, 0), p2i = from.Part(2, 1), p6r = from.Part(6, 0), p6i = from.Part(6, 1);
        T s2r = p2r + p6r, s2i = p2i + p6i, d2r = p2r - p6r, d2i = p2i - p6i;
        T p1r = from.Part(1, 0), p1i = from.Part(1, 1), p5r = from.Part(5, 0), p5i = from.Part(5, 1);
        T s1r = p1r + p5r, s1i = p1i + p5i, d1r = p1r - p5r, d1i = p1i - p5i;
        T p3r = from.Part(3, 0), p3i = from.Part(3, 1), p7r = from.Part(7, 0), p7i = from.Part(7, 1);
        T s3r = p3r + p7r, s3i = p3i + p7i, d3r = p3r - p7r, d3i = p3i - p7i;
        T* q0 = to, q1 = q0 + step, q2 = q1 + step, q3 = q2 + step, q4 = q3 + step, q5 = q4 + step, q6 = q5 + step, q7 = q6 + step;

        T e0r = s0r + s2r, e0i = s0i + s2i, e1r = s1r + s3r, e1i = s1i + s3i;
        (q0[0], q0[1]) = (e0r + e1r, e0i + e1i);
        TTurn.Store(q4, e0r - e1r, e0i - e1i, w + 9);
        T f0r = s0r - s2r, f0i = s0i - s2i, f1r = s1i - s3i, f1i = s3r - s1r;         // f1 = −i (s1 − s3)
        TTurn.Store(q2, f0r + f1r, f0i + f1i, w + 3);
        TTurn.Store(q6, f0r - f1r, f0i - f1i, w + 15);

        // d1 and d3 turned by one and three eighths of a circle, d2 by a quarter.
        T half = T.All(HalfRoot);
        T t1r = (d1r + d1i) * half, t1i = (d1i - d1r) * half, t3r = (d3i - d3r) * half, u3i = (d3r + d3i) * half;
        T g0r = d0r + d2i, g0i = d0i - d2r, h0r = d0r - d2i, h0i = d0i + d2r, g1r = t1r + t3r, g1i = t1i - u3i;
        TTurn.Store(q1, g0r + g1r, g0i + g1i, w);
        TTurn.Store(q5, g0r - g1r, g0i - g1i, w + 12);
        T h1r = t1i + u3i, h1i = t3r - t1r;                                           // h1 = −i (t1 − t3), u3 = −t3
        TTurn.Store(q3, h0r + h1r, h0i + h1i, w + 6);
        TTurn.Store(q7, h0r - h1r, h0i - h1i, w + 18);
    }

    /// <summary>The last pass of sizes 4 · 8ᵏ: no twiddles are left.</summary>
    static void Four<T>(T* p) where T : unmanaged, ISimdDoubles<T>
    {
        T sr = p[0] + p[4], si = p[1] + p[5], tr = p[0] - p[4], ti = p[1] - p[5];
        T ur = p[2] + p[6], ui = p[3] + p[7], vr = p[3] - p[7], vi = p[6] - p[2];
        (p[0], p[1], p[2], p[3]) = (sr + ur, si + ui, tr + vr, ti + vi);
        (p[4], p[5], p[6], p[7]) = (sr - ur, si - ui, tr - vr, ti - vi);
    }

    /// <summary>The last pass of sizes 2 · 8ᵏ.</summary>
    static void Two<T>(T* p) where T : unmanaged, ISimdDoubles<T>
    {
        T re = p[0], im = p[1];
        (p[0], p[1]) = (re + p[2], im + p[3]);
        (p[2], p[3]) = (re - p[2], im - p[3]);
    }

    /// <summary>The eight points that a butterfly takes.</summary>
    interface IPoints<T>
    {
        /// <summary>Point <paramref name="m"/>'s real part, or its imaginary one.</summary>
        T Part(int m, int imaginary);
    }

    /// <summary>Points in memory.</summary>
    readonly struct Points<T>(T* first, nint step) : IPoints<T> where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Part(int m, int imaginary) => first[m * step + imaginary];
    }

    /// <summary>Pairs of samples, widened and weighed by the window.</summary>
    readonly struct Samples<T>(float* tile, double* weights) : IPoints<T> where T : unmanaged, ISimdDoubles<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Part(int m, int imaginary) => T.Widen(tile + m * TileFloats + imaginary * Frames) * T.All(weights[2 * m + imaginary]);
    }

    /// <summary>Use of a butterfly's results.</summary>
    interface ITurn
    {
        static abstract void Store<T>(T* target, T re, T im, double* w) where T : unmanaged, ISimdDoubles<T>;
    }

    /// <summary>Results are multiplied by their twiddle factors, of which <c>w</c> has cosine, sine and −sine.</summary>
    readonly struct Turned : ITurn
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store<T>(T* target, T re, T im, double* w) where T : unmanaged, ISimdDoubles<T>
        {
            T cosine = T.All(w[0]);
            target[0] = T.MultiplyAdd(im, T.All(w[2]), re * cosine);
            target[1] = T.MultiplyAdd(re, T.All(w[1]), im * cosine);
        }
    }

    /// <summary>Results of the last pass, whose factors are 1.</summary>
    readonly struct Unturned : ITurn
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store<T>(T* target, T re, T im, double* w) where T : unmanaged, ISimdDoubles<T> =>
            (target[0], target[1]) = (re, im);
    }
}
