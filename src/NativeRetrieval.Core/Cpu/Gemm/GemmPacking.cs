using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// Copies a strip of a matrix into the order in which the kernel reads it: for each k its lanes side by side, where a
/// lane is a row of A or a column of B. Transposed operands differ only in the two strides.
/// </summary>
internal static unsafe class GemmPacking
{
    public const int FloatsPerLine = 16;

    /// <summary>
    /// <c>target[k·width + lane] = source[lane·laneStride + k·kStride]</c>; lanes up to <paramref name="width"/> are zeros.
    /// </summary>
    public static void Pack<T>(T* source, nint laneStride, nint kStride, int lanes, int width, int k, T* target) where T : unmanaged
    {
        if (lanes < width) new Span<T>(target, k * width).Clear();
        if (laneStride == 1) CopySteps(source, kStride, lanes, width, k, target);
        else Transpose(source, laneStride, kStride, lanes, width, k, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void CopySteps<T>(T* source, nint kStride, int lanes, int width, int k, T* target) where T : unmanaged
    {
        for (; k > 0; k--, source += kStride, target += width)
        {
            int lane = 0;
            for (; lane <= lanes - Vector256<T>.Count; lane += Vector256<T>.Count) Vector256.Load(source + lane).Store(target + lane);
            if (lane <= lanes - Vector128<T>.Count)
            {
                Vector128.Load(source + lane).Store(target + lane);
                lane += Vector128<T>.Count;
            }
            for (; lane < lanes; lane++) target[lane] = source[lane];
        }
    }

    /// <remarks>
    /// Rows lie far apart in memory, so while four are copied four are fetched, those after the next: the next are on their way. Past the
    /// matrix's end a prefetch does nothing.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Transpose<T>(T* source, nint laneStride, nint kStride, int lanes, int width, int k, T* target) where T : unmanaged
    {
        int lane = 0;
        for (; lane <= lanes - 4; lane += 4) TransposeFour(source + lane * laneStride, laneStride, kStride, width, k, target + lane);
        if (lane == lanes) return;
        // The last lanes: four again where there are four, some of them a second time.
        if (lanes >= 4) TransposeFour(source + (lanes - 4) * laneStride, laneStride, kStride, width, k, target + lanes - 4);
        else
            for (; lane < lanes; lane++)
                for (int step = 0; step < k; step++) target[step * width + lane] = source[lane * laneStride + step * kStride];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void TransposeFour<T>(T* source, nint laneStride, nint kStride, int width, int k, T* target) where T : unmanaged
    {
        int step = 0;
        if (kStride == 1)
            step = typeof(T) == typeof(float)
                ? TransposeSquares((float*)source, laneStride, width, k, (float*)target)
                : TransposeSquares((double*)source, laneStride, width, k, (double*)target);
        T* s0 = source, s1 = s0 + laneStride, s2 = s1 + laneStride, s3 = s2 + laneStride;
        for (target += step * width; step < k; step++, target += width)
        {
            nint at = step * kStride;
            (target[0], target[1], target[2], target[3]) = (s0[at], s1[at], s2[at], s3[at]);
        }
    }

    /// <returns>The steps that are done.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int TransposeSquares(float* source, nint laneStride, int width, int k, float* target)
    {
        float* s0 = source, s1 = s0 + laneStride, s2 = s1 + laneStride, s3 = s2 + laneStride;
        int step = 0;
        if (!Sse.IsSupported) return step;
        for (; step <= k - FloatsPerLine; step += FloatsPerLine, target += FloatsPerLine * width)
        {
            for (int row = 8; row < 12; row++) Sse.Prefetch0(source + row * laneStride + step);
            if (Avx512F.IsSupported) Transpose4x16(s0 + step, s1 + step, s2 + step, s3 + step, target, width);
            else
                for (int i = step; i < step + FloatsPerLine; i += 4)
                    Transpose4x4(s0 + i, s1 + i, s2 + i, s3 + i, target + (i - step) * width, width);
        }
        for (; step <= k - 4; step += 4, target += 4 * width) Transpose4x4(s0 + step, s1 + step, s2 + step, s3 + step, target, width);
        return step;
    }

    /// <inheritdoc cref="TransposeSquares(float*, nint, int, int, float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int TransposeSquares(double* source, nint laneStride, int width, int k, double* target)
    {
        int step = 0;
        if (!Avx.IsSupported) return step;
        for (; step <= k - 4; step += 4, target += 4 * width)
        {
            double* from = source + step;
            for (int row = 8; row < 12; row++) Sse.Prefetch0(from + row * laneStride);
            Vector256<double> x0 = Vector256.Load(from), x1 = Vector256.Load(from + laneStride);
            Vector256<double> x2 = Vector256.Load(from + 2 * laneStride), x3 = Vector256.Load(from + 3 * laneStride);
            Vector256<double> low01 = Avx.UnpackLow(x0, x1), high01 = Avx.UnpackHigh(x0, x1);
            Vector256<double> low23 = Avx.UnpackLow(x2, x3), high23 = Avx.UnpackHigh(x2, x3);
            Avx.Permute2x128(low01, low23, 0x20).Store(target);
            Avx.Permute2x128(high01, high23, 0x20).Store(target + width);
            Avx.Permute2x128(low01, low23, 0x31).Store(target + 2 * width);
            Avx.Permute2x128(high01, high23, 0x31).Store(target + 3 * width);
        }
        return step;
    }

    /// <summary>Four 4 x 4 squares at once, each in its quarter of the vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose4x16(float* s0, float* s1, float* s2, float* s3, float* target, nint width)
    {
        Vector512<float> x0 = Vector512.Load(s0), x1 = Vector512.Load(s1), x2 = Vector512.Load(s2), x3 = Vector512.Load(s3);
        Vector512<double> low01 = Avx512F.UnpackLow(x0, x1).AsDouble(), high01 = Avx512F.UnpackHigh(x0, x1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(x2, x3).AsDouble(), high23 = Avx512F.UnpackHigh(x2, x3).AsDouble();
        StoreQuarters(Avx512F.UnpackLow(low01, low23).AsSingle(), target, width);
        StoreQuarters(Avx512F.UnpackHigh(low01, low23).AsSingle(), target + width, width);
        StoreQuarters(Avx512F.UnpackLow(high01, high23).AsSingle(), target + 2 * width, width);
        StoreQuarters(Avx512F.UnpackHigh(high01, high23).AsSingle(), target + 3 * width, width);
    }

    /// <summary>Quarters belong to steps that are four apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreQuarters(Vector512<float> x, float* target, nint width)
    {
        Avx512F.ExtractVector128(x, 0).Store(target);
        Avx512F.ExtractVector128(x, 1).Store(target + 4 * width);
        Avx512F.ExtractVector128(x, 2).Store(target + 8 * width);
        Avx512F.ExtractVector128(x, 3).Store(target + 12 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose4x4(float* s0, float* s1, float* s2, float* s3, float* target, int width)
    {
        Vector128<float> x0 = Vector128.Load(s0), x1 = Vector128.Load(s1), x2 = Vector128.Load(s2), x3 = Vector128.Load(s3);
        Vector128<float> low01 = Sse.UnpackLow(x0, x1), high01 = Sse.UnpackHigh(x0, x1);
        Vector128<float> low23 = Sse.UnpackLow(x2, x3), high23 = Sse.UnpackHigh(x2, x3);
        Sse.MoveLowToHigh(low01, low23).Store(target);
        Sse.MoveHighToLow(low23, low01).Store(target + width);
        Sse.MoveLowToHigh(high01, high23).Store(target + 2 * width);
        Sse.MoveHighToLow(high23, high01).Store(target + 3 * width);
    }
}
