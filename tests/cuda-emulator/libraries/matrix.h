// Column-major matrix products for the look-alike cuBLAS libraries: sums in float, in the order of k.
#pragma once
#include <vector>

#include "support.h"

namespace nr_emu {

struct Matrix
{
    void* data;
    Element type;
    size_t rows, columns;
    int64_t leading;
    int64_t batch_stride = 0;
    const void* at(size_t batch) const
    {
        return static_cast<const char*>(data) + static_cast<int64_t>(batch) * batch_stride * static_cast<int64_t>(bytes_of(type));
    }
    void* at(size_t batch) { return const_cast<void*>(static_cast<const Matrix*>(this)->at(batch)); }
    size_t index(size_t row, size_t column) const { return row + column * static_cast<size_t>(leading); }
};

inline const char* examine_matrix(const Matrix& m, size_t batches, bool write)
{
    for (size_t b = 0; b < batches; b++)
        for (size_t c = 0; c < m.columns; c++)
            if (const char* wrong =
                    nr_emu_examine(static_cast<const char*>(m.at(b)) + m.index(0, c) * bytes_of(m.type), m.rows * bytes_of(m.type), write))
                return wrong;
    return nullptr;
}

inline void written_matrix(Matrix& m, size_t batches)
{
    for (size_t b = 0; b < batches; b++)
        for (size_t c = 0; c < m.columns; c++)
            nr_emu_written(static_cast<char*>(m.at(b)) + m.index(0, c) * bytes_of(m.type), m.rows * bytes_of(m.type));
}

// op(A) * op(B), [m, n] column-major with leading dimension m; `tf32` rounds both as tensor cores do.
inline std::vector<float> product(
    const Matrix& a, bool transpose_a, const Matrix& b, bool transpose_b, size_t m, size_t n, size_t k, size_t batch, bool tf32)
{
    std::vector<float> left(m * k), sum(m * n);
    const void* pa = a.at(batch);
    const void* pb = b.at(batch);
    for (size_t p = 0; p < k; p++)
        for (size_t i = 0; i < m; i++) {
            const float value = load(pa, a.type, transpose_a ? a.index(p, i) : a.index(i, p));
            left[i + p * m] = tf32 ? rounded_to_tf32(value) : value;
        }
    for (size_t j = 0; j < n; j++)
        for (size_t p = 0; p < k; p++)
        {
            float right = load(pb, b.type, transpose_b ? b.index(j, p) : b.index(p, j));
            if (tf32) right = rounded_to_tf32(right);
            for (size_t i = 0; i < m; i++) sum[i + j * m] += left[i + p * m] * right;
        }
    return sum;
}

inline bool element_of(int cuda_type, Element& type)
{
    switch (cuda_type)
    {
    case 0: type = Element::F32; return true;
    case 2: type = Element::F16; return true;
    case 14: type = Element::BF16; return true;
    default: return false;
    }
}

// Sums are f32: plain, or with TF32 multiplication for f32 inputs only.
inline bool compute_fits(int compute, Element input) { return compute == 68 || (compute == 77 && input == Element::F32); }

} // namespace nr_emu
