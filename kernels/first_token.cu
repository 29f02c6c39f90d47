// y[b] = x[b, 0]
// dx[b, 0] = dy[b], 0 at other tokens
//   x   [sentences, tokens, width]  f32 or bf16  row-major
//   y   [sentences, width]          f32          row-major
//   dy  [sentences, width]          f32          row-major
//   dx  [sentences, tokens, width]  like x       row-major
// mapping   threads stride over y by four neighbours, backward over dx by packs; any grid, blocks of 256
// shared    none
// numerics  copies; bf16: dx is rounded
// limits    any sentences and width, also 0; at least one token; elements one by one where rows are not whole fours (backward: packs)
// reference src/NativeRetrieval.Core/Cpu/FirstToken.cs
#include "common/storage.cuh"

template <class T>
NR_DEVICE void forward(const T* __restrict__ x, float* __restrict__ y, int sentences, int tokens, int width)
{
    constexpr int Size = 4;
    const bool aligned = width % Size == 0 && is_aligned(x) && is_aligned(y);
    const int per_row = (width + Size - 1) / Size;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < sentences * per_row; i += gridDim.x * blockDim.x)
    {
        const int sentence = i / per_row, d = i % per_row * Size;
        const T* const source = x + (size_t)sentence * tokens * width + d;
        float* const target = y + (size_t)sentence * width + d;
        if (aligned)
        {
            float values[Size];
            load_values(source, values);
            store_values(target, values);
        }
        else
            for (int k = 0; k < Size && d + k < width; k++) target[k] = to_float(source[k]);
    }
}

template <class T>
NR_DEVICE void backward(const float* __restrict__ dy, T* __restrict__ dx, int sentences, int tokens, int width)
{
    constexpr int Size = pack<T>::Size;
    const bool aligned = width % Size == 0 && is_aligned(dy) && is_aligned(dx);
    const int per_row = (width + Size - 1) / Size;
    const long long count = (long long)sentences * tokens * per_row;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long token = i / per_row;
        const int d = (int)(i % per_row) * Size;
        const bool first = token % tokens == 0;
        const float* const source = dy + token / tokens * width + d;
        T* const target = dx + token * width + d;
        if (aligned)
        {
            float values[Size] = {};
            if (first) load_values(source, values);
            store_values(target, values);
        }
        else
            for (int k = 0; k < Size && d + k < width; k++) store(target + k, first ? source[k] : 0.0f);
    }
}

#define ENTRY_POINTS(T)                                                                             \
    extern "C" __global__ void __launch_bounds__(256) first_token_forward_##T(                      \
        const T* __restrict__ x, float* __restrict__ y, int sentences, int tokens, int width)       \
    {                                                                                               \
        forward(x, y, sentences, tokens, width);                                                    \
    }                                                                                               \
    extern "C" __global__ void __launch_bounds__(256) first_token_backward_##T(                     \
        const float* __restrict__ dy, T* __restrict__ dx, int sentences, int tokens, int width)     \
    {                                                                                               \
        backward(dy, dx, sentences, tokens, width);                                                 \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
