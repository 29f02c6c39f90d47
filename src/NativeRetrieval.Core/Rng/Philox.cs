using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Rng;

/// <summary>
/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): number i of a stream is a function of (seed,
/// stream, i) alone. Any part of a tensor can be drawn anywhere, on any device, in any order, with the same result.
/// </summary>
/// <param name="Seed">The key: one per run.</param>
/// <param name="Stream">The upper half of the counter: one per use within a run.</param>
public readonly record struct Philox(ulong Seed, ulong Stream = 0)
{
    const uint MultiplierA = 0xD2511F53, MultiplierB = 0xCD9E8D57;
    const uint WeylA = 0x9E3779B9, WeylB = 0xBB67AE85;
    const int Rounds = 10;

    /// <summary>
    /// The number that counts as number 0: a part of a tensor that begins at element i of the whole draws from i on what the whole draws.
    /// </summary>
    public ulong First { get; init; }

    /// <summary>
    /// The numbers of a token, where <see cref="First"/> is so many times the tokens before it: recorded work that is run again behind
    /// another number of tokens moves with it, in the operations that draw for tokens (Dropout, AddLayerNorm). 0: <see cref="First"/>
    /// stays.
    /// </summary>
    public ulong PerToken { get; init; }

    /// <summary>Numbers 4·<paramref name="counter"/> … 4·<paramref name="counter"/> + 3.</summary>
    public (uint, uint, uint, uint) Block(ulong counter)
    {
        if (First % 4 == 0) return AlignedBlock(counter + First / 4);
        ulong index = 4 * counter;
        return (UInt32(index), UInt32(index + 1), UInt32(index + 2), UInt32(index + 3));
    }

    /// <summary>The numbers of one evaluation of the generator, <see cref="First"/> aside.</summary>
    (uint, uint, uint, uint) AlignedBlock(ulong counter)
    {
        uint x0 = (uint)counter, x1 = (uint)(counter >> 32), x2 = (uint)Stream, x3 = (uint)(Stream >> 32);
        uint k0 = (uint)Seed, k1 = (uint)(Seed >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong a = (ulong)MultiplierA * x0, b = (ulong)MultiplierB * x2;
            (x0, x1, x2, x3) = ((uint)(b >> 32) ^ x1 ^ k0, (uint)b, (uint)(a >> 32) ^ x3 ^ k1, (uint)a);
            k0 += WeylA;
            k1 += WeylB;
        }
        return (x0, x1, x2, x3);
    }

    /// <summary>Number <paramref name="index"/>, uniform over all 32-bit values.</summary>
    public uint UInt32(ulong index)
    {
        index += First;
        var (x0, x1, x2, x3) = AlignedBlock(index / 4);
        return (index % 4) switch { 0 => x0, 1 => x1, 2 => x2, _ => x3 };
    }

    /// <summary>Number <paramref name="index"/> as a multiple of 2⁻²⁴ in [0, 1).</summary>
    public float Uniform(ulong index) => (UInt32(index) >> 8) * (1f / (1 << 24));

    /// <summary>
    /// Numbers <paramref name="start"/> … in order. Fastest where <paramref name="start"/> + <see cref="First"/> is a multiple of 4.
    /// </summary>
    public void Fill(Span<uint> numbers, ulong start)
    {
        int i = 0;
        ulong at = First + start;
        for (; i < numbers.Length && (at + (ulong)i) % 4 != 0; i++) numbers[i] = UInt32(start + (ulong)i);
        if (Avx2.IsSupported)
            for (; i + 16 <= numbers.Length; i += 16) FourBlocks((at + (ulong)i) / 4, numbers.Slice(i, 16));
        for (; i + 4 <= numbers.Length; i += 4)
            (numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]) = AlignedBlock((at + (ulong)i) / 4);
        for (; i < numbers.Length; i++) numbers[i] = UInt32(start + (ulong)i);
    }

    /// <summary>Four consecutive blocks, one per 64-bit lane: the widening 32-bit multiply reads the lanes' lower halves.</summary>
    void FourBlocks(ulong counter, Span<uint> numbers)
    {
        var counters = Vector256.Create(counter) + Vector256.Create(0UL, 1, 2, 3);
        var low = Vector256.Create(0xFFFF_FFFFUL);
        var x0 = counters & low;
        var x1 = counters >>> 32;
        var x2 = Vector256.Create((ulong)(uint)Stream);
        var x3 = Vector256.Create(Stream >> 32);
        var multiplierA = Vector256.Create((ulong)MultiplierA).AsUInt32();
        var multiplierB = Vector256.Create((ulong)MultiplierB).AsUInt32();
        uint k0 = (uint)Seed, k1 = (uint)(Seed >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            var a = Avx2.Multiply(x0.AsUInt32(), multiplierA);
            var b = Avx2.Multiply(x2.AsUInt32(), multiplierB);
            x0 = (b >>> 32) ^ x1 ^ Vector256.Create((ulong)k0);
            x1 = b & low;
            x2 = (a >>> 32) ^ x3 ^ Vector256.Create((ulong)k1);
            x3 = a & low;
            k0 += WeylA;
            k1 += WeylB;
        }
        // Lane n holds block n: transpose four 64-bit lanes of (x0|x1<<32, x2|x3<<32).
        var first = x0 | (x1 << 32);
        var second = x2 | (x3 << 32);
        for (int lane = 0; lane < 4; lane++)
        {
            ulong head = first[lane], tail = second[lane];
            (numbers[4 * lane], numbers[4 * lane + 1]) = ((uint)head, (uint)(head >> 32));
            (numbers[4 * lane + 2], numbers[4 * lane + 3]) = ((uint)tail, (uint)(tail >> 32));
        }
    }
}
