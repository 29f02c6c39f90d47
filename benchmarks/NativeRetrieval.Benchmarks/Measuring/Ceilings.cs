using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>
/// The most that this machine can do right now, on all its cores; measured in the same run as the work that is compared with it.
/// </summary>
/// <param name="GigaflopPerSecond">Fused multiply-adds that never leave the registers, two operations each.</param>
/// <param name="GigabytesPerSecond">Sum of an array far larger than the caches.</param>
internal sealed record Ceilings(double GigaflopPerSecond, double GigabytesPerSecond)
{
    const int Repeats = 7, Accumulators = 12;
    const int StreamBytes = 512 << 20;
    const int FmaLoops = 2_000_000;

    static float _sink;

    /// <summary>The higher of two measurements: other processes can only lower them.</summary>
    public static Ceilings Highest(Ceilings a, Ceilings b) =>
        new(Math.Max(a.GigaflopPerSecond, b.GigaflopPerSecond), Math.Max(a.GigabytesPerSecond, b.GigabytesPerSecond));

    public static Ceilings Measure() => new(Best(Gigaflop, Multiply), Stream());

    /// <summary>The work of <see cref="Multiply"/>.</summary>
    public static double Gigaflop =>
        (double)CpuDevice.Threads * FmaLoops * Accumulators * 2 * (Vector512.IsHardwareAccelerated ? 16 : 8) / 1e9;

    /// <summary>Fused multiply-adds that never leave the registers, on all cores: a few milliseconds.</summary>
    public static void Multiply() =>
        Workers.Run(CpuDevice.Threads, _ => _sink = Vector512.IsHardwareAccelerated ? Fma512(FmaLoops) : Fma256(FmaLoops));

    static unsafe double Stream()
    {
        float* data = (float*)NativeMemory.AlignedAlloc(StreamBytes, 64);
        try
        {
            int floats = StreamBytes / sizeof(float), parts = 64, part = floats / parts;
            nint address = (nint)data;
            Workers.Run(parts, i => new Span<float>((float*)address + (nint)i * part, part).Fill(1));
            return Best(StreamBytes / 1e9, () => Workers.Run(parts, i => _sink = Sum((float*)address + (nint)i * part, part)));
        }
        finally
        {
            NativeMemory.AlignedFree(data);
        }
    }

    static double Best(double work, Action run)
    {
        double best = double.MaxValue;
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return work / best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Fma256(int loops)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(1e-3f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int loop = 0; loop < loops; loop++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y); b = Vector256.FusedMultiplyAdd(b, x, y); c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y); e = Vector256.FusedMultiplyAdd(e, x, y); f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y); h = Vector256.FusedMultiplyAdd(h, x, y); i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y); k = Vector256.FusedMultiplyAdd(k, x, y); l = Vector256.FusedMultiplyAdd(l, x, y);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Fma512(int loops)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int loop = 0; loop < loops; loop++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y); k = Vector512.FusedMultiplyAdd(k, x, y); l = Vector512.FusedMultiplyAdd(l, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    static unsafe float Sum(float* data, int count)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        for (int i = 0; i + 32 <= count; i += 32)
        {
            a += Vector256.Load(data + i);
            b += Vector256.Load(data + i + 8);
            c += Vector256.Load(data + i + 16);
            d += Vector256.Load(data + i + 24);
        }
        return Vector256.Sum(a + b + c + d);
    }
}
