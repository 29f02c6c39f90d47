// d += a * b on the tensor cores: one warp, a row-major, b [k, 8] column-major, f32 sums. All 32 lanes call.
// With g = lane / 4 and t = lane % 4 (PTX ISA, "Matrix fragments for mma"): d[0], d[1] = D[g][2t], D[g][2t + 1]; d[2], d[3] = D[g + 8][..]
//   nr_mma_bf16  a [16, 16], bf16; each register is a pair of neighbours along k:
//                a[0] = A[g][2t..], a[1] = A[g + 8][2t..], a[2] = A[g][2t + 8..], a[3] = A[g + 8][2t + 8..]
//                b[0] = B[2t..][g], b[1] = B[2t + 8..][g]
//   nr_mma_tf32  a [16, 8], TF32, 11 significant bits; what a register has below them is not read:
//                a[0] = A[g][t], a[1] = A[g + 8][t], a[2] = A[g][t + 4], a[3] = A[g + 8][t + 4]; b[0] = B[t][g], b[1] = B[t + 4][g]
#pragma once
#include "common/types.cuh"

#ifdef NR_EMU
NR_DEVICE void nr_mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) { nr_emu_mma_bf16(d, a, b); }
NR_DEVICE void nr_mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) { nr_emu_mma_tf32(d, a, b); }

// Rounded to TF32, ties away from zero.
NR_DEVICE unsigned to_tf32(float value)
{
    const unsigned word = __float_as_uint(value);
    return value != value ? word : (word + 0x1000u) & 0xffffe000u;
}
#else
NR_DEVICE void nr_mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

NR_DEVICE void nr_mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

NR_DEVICE unsigned to_tf32(float value)
{
    unsigned word;
    asm volatile("cvt.rna.tf32.f32 %0, %1;" : "=r"(word) : "f"(value)); // volatile: not kept in registers over a loop that repeats it
    return word;
}
#endif

// f32 values as operands. Exact: beside the TF32 value what it leaves of the number, again as TF32. Of infinity, NaN and what TF32 rounds
// to infinity nothing is left, and beside the other operand's rest they count as 0, whose sign or zero would make NaN of infinity.
template <bool Exact, int Count>
struct operand
{
    unsigned high[Count];
    unsigned again[Exact ? Count : 1], low[Exact ? Count : 1];

    operand() = default;

    NR_DEVICE explicit operand(const float (&values)[Count])
    {
#pragma unroll
        for (int i = 0; i < Count; i++)
        {
            high[i] = to_tf32(values[i]);
            if constexpr (!Exact) continue;
            const float rounded = __uint_as_float(high[i]);
            const bool finite = fabsf(rounded) < __int_as_float(0x7f800000);
            low[i] = finite ? to_tf32(values[i] - rounded) : 0u;
            again[i] = finite ? high[i] : 0u;
            high[i] = finite ? high[i] : __float_as_uint(values[i]); // a finite number is cut off, not rounded
        }
    }
};

// d += a * b. Exact: three products, within 2^-21 of a product in f32; the smallest first.
template <bool Exact>
NR_DEVICE void multiply(float (&d)[4], const operand<Exact, 4>& a, const operand<Exact, 2>& b)
{
    if constexpr (Exact)
    {
        nr_mma_tf32(d, a.low, b.again);
        nr_mma_tf32(d, a.again, b.low);
    }
    nr_mma_tf32(d, a.high, b.high);
}
