// One function of two values over all elements of tensors of equal size, in memory order, whatever the layout.
// A thread strides over packs of 16 bytes, where all addresses are multiples of 16; the last thread takes the few elements behind the last
// pack. Elsewhere threads stride over elements.
#pragma once
#include "common/storage.cuh"

NR_DEVICE float rectified(float value) { return value < 0.0f ? 0.0f : value; }

// y[i] = function(a[i], b[i]); an input that is not used may be y itself.
template <class T, class Function>
NR_DEVICE void for_each(const T* a, const T* b, T* y, long long count, Function function)
{
    constexpr int Size = pack<T>::Size;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long packs = is_aligned(a) && is_aligned(b) && is_aligned(y) ? count / Size : 0;
    for (long long i = thread; i < packs; i += threads)
    {
        const pack<T> left = load_pack(a + i * Size), right = load_pack(b + i * Size);
        pack<T> result;
#pragma unroll
        for (int k = 0; k < Size; k++) result.values[k] = function(left.values[k], right.values[k]);
        store_pack(y + i * Size, result);
    }
    const bool rest = packs > 0;
    if (rest && thread != threads - 1) return;
    for (long long i = rest ? packs * Size : thread; i < count; i += rest ? 1 : threads)
        store(y + i, function(to_float(a[i]), to_float(b[i])));
}
