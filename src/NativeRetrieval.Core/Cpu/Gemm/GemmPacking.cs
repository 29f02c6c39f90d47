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
    const int FloatsPerLine = 16;

    /// <summary>
    /// <c>target[k·width + lane] = source[lane·laneStride + k·kStride]</c>; lanes up to <paramref name="width"/> are zeros.
    /// </summary>
    public static void Pack(float* source, nint laneStride, nint kStride, int lanes, int width, int k, float* target)
    {
        if (lanes < width) new Span<float>(target, k * width).Clear();
        if (laneStride == 1) CopySteps(source, kStride, lanes, width, k, target);
        else Transpose(source, laneStride, kStride, lanes, width, k, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void CopySteps(float* source, nint kStride, int lanes, int width, int k, float* target)
    {
        for (; k > 0; k--, source += kStride, target += width)
        {
            int lane = 0;
            for (; lane <= lanes - 8; lane += 8) Vector256.Load(source + lane).Store(target + lane);
            if (lane <= lanes - 4) { Vector128.Load(source + lane).Store(target + lane); lane += 4; }
            for (; lane < lanes; lane++) target[lane] = source[lane];
        }
    }

    /// <remarks>
    /// Rows lie far apart in memory, so the next four are fetched while four are copied; past the matrix's end a prefetch does nothing.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Transpose(float* source, nint laneStride, nint kStride, int lanes, int width, int k, float* target)
    {
        int lane = 0;
        for (; lane <= lanes - 4; lane += 4, source += 4 * laneStride)
        {
            float* s0 = source, s1 = s0 + laneStride, s2 = s1 + laneStride, s3 = s2 + laneStride, t = target + lane;
            int step = 0;
            if (Sse.IsSupported && kStride == 1)
            {
                for (; step <= k - 4; step += 4, t += 4 * width)
                {
                    if (step % FloatsPerLine == 0)
                        for (int row = 4; row < 8; row++) Sse.Prefetch0(source + row * laneStride + step);
                    Transpose4x4(s0 + step, s1 + step, s2 + step, s3 + step, t, width);
                }
            }
            for (; step < k; step++, t += width)
            {
                nint at = step * kStride;
                (t[0], t[1], t[2], t[3]) = (s0[at], s1[at], s2[at], s3[at]);
            }
        }
        for (; lane < lanes; lane++, source += laneStride)
            for (int step = 0; step < k; step++) target[step * width + lane] = source[step * kStride];
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
