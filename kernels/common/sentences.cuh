// Sentences that follow one another in the rows of a tensor, each with rows of its own.
//   starts  [sentences + 1]  i32  first row of each sentence, and the row behind the last one
#pragma once
#include "common/fault.cuh"

// Rows of a sentence; none where starts is wrong there.
struct span
{
    int first, length;
};

NR_DEVICE span span_of(const int* __restrict__ starts, int sentence, int rows, int tokens, int* fault)
{
    const int begin = starts[sentence], end = starts[sentence + 1];
    const bool right = begin >= 0 && end >= begin && end <= rows && end - begin <= tokens && (sentence > 0 || begin == 0);
    if (!right && fault && threadIdx.x == 0) report_fault(fault, AttentionStart, sentence, end, rows);
    return right ? span { begin, end - begin } : span { min(max(begin, 0), rows), 0 };
}

// Zeros in the rows that no sentence computes: behind the last one, and of one that is a fault. y: the head's values in row 0.
template <class T>
NR_DEVICE void clear_rest(
    const int* __restrict__ starts, int sentence, const span& own, int sentences, int rows, int width, T* __restrict__ y, size_t row_stride)
{
    if (blockIdx.y > 0) return;
    const int first = own.first + own.length;
    const int end = sentence == sentences - 1 ? rows : own.length > 0 ? first : min(starts[sentence + 1], rows);
    for (int row = first; row < end; row++)
        for (int d = threadIdx.x; d < width; d += blockDim.x) store(&y[row * row_stride + d], 0.0f);
}
