using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Eight rows of eight floats in registers.</summary>
internal readonly struct Rows(
    Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3,
    Vector256<float> r4, Vector256<float> r5, Vector256<float> r6, Vector256<float> r7)
{
    /// <summary>Stores the columns one after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Transpose(Vector256<float>* columns) => Transpose(r0, r1, r2, r3, r4, r5, r6, r7, (float*)columns, 8);

    /// <summary>Stores the columns of eight rows, each a number of floats apart; the rows never leave the registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Transpose(float* rows, nint rowStep, float* columns, nint columnStep) =>
        Transpose(Vector256.Load(rows), Vector256.Load(rows + rowStep), Vector256.Load(rows + 2 * rowStep),
            Vector256.Load(rows + 3 * rowStep), Vector256.Load(rows + 4 * rowStep), Vector256.Load(rows + 5 * rowStep),
            Vector256.Load(rows + 6 * rowStep), Vector256.Load(rows + 7 * rowStep), columns, columnStep);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void Transpose(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3,
        Vector256<float> r4, Vector256<float> r5, Vector256<float> r6, Vector256<float> r7, float* to, nint step)
    {
        if (!Avx.IsSupported)
        {
            var table = stackalloc Vector256<float>[8] { r0, r1, r2, r3, r4, r5, r6, r7 };
            for (int column = 0; column < 8; column++)
                for (int row = 0; row < 8; row++) to[column * step + row] = ((float*)table)[row * 8 + column];
            return;
        }
        // Pairs, then quadruples within each half, then the halves.
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1), a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5), a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        Vector256<float> b0 = Avx.Shuffle(a0, a2, 0x44), b1 = Avx.Shuffle(a0, a2, 0xEE);
        Vector256<float> b2 = Avx.Shuffle(a1, a3, 0x44), b3 = Avx.Shuffle(a1, a3, 0xEE);
        Vector256<float> b4 = Avx.Shuffle(a4, a6, 0x44), b5 = Avx.Shuffle(a4, a6, 0xEE);
        Vector256<float> b6 = Avx.Shuffle(a5, a7, 0x44), b7 = Avx.Shuffle(a5, a7, 0xEE);
        Avx.Permute2x128(b0, b4, 0x20).Store(to);
        Avx.Permute2x128(b1, b5, 0x20).Store(to + step);
        Avx.Permute2x128(b2, b6, 0x20).Store(to + 2 * step);
        Avx.Permute2x128(b3, b7, 0x20).Store(to + 3 * step);
        Avx.Permute2x128(b0, b4, 0x31).Store(to + 4 * step);
        Avx.Permute2x128(b1, b5, 0x31).Store(to + 5 * step);
        Avx.Permute2x128(b2, b6, 0x31).Store(to + 6 * step);
        Avx.Permute2x128(b3, b7, 0x31).Store(to + 7 * step);
    }
}
