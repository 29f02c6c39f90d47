// d += a * b on the tensor cores: one warp, a [16, 16] row-major, b [16, 8] column-major, bf16 in, f32 sums. All 32 lanes call.
//   With g = lane / 4 and t = lane % 4 (PTX ISA, "Matrix fragments for mma.m16n8k16"), each register is a pair of neighbours along k:
//   a[0] = A[g][2t..], a[1] = A[g + 8][2t..], a[2] = A[g][2t + 8..], a[3] = A[g + 8][2t + 8..]
//   b[0] = B[2t..][g], b[1] = B[2t + 8..][g]
//   d[0], d[1] = D[g][2t], D[g][2t + 1]; d[2], d[3] = D[g + 8][2t], D[g + 8][2t + 1]
#pragma once
#include "common/types.cuh"

#ifdef NR_EMU
NR_DEVICE void nr_mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) { nr_emu_mma_bf16(d, a, b); }
#else
NR_DEVICE void nr_mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif
