// Discrete Fourier transforms of a few points in a thread's registers, and what spectra of real samples need beside them.
#pragma once
#include "common/types.cuh"

NR_DEVICE float2 times(float2 a, float2 b) { return make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }

// e^(-2 pi i j / 32), j 0 .. 15
NR_DEVICE float2 rotation(int j)
{
    constexpr float cosines[9] = { 1.0f, 0.98078528040323045f, 0.92387953251128676f, 0.83146961230254524f, 0.70710678118654752f,
        0.55557023301960222f, 0.38268343236508977f, 0.19509032201612827f, 0.0f };
    return make_float2(j <= 8 ? cosines[j] : -cosines[16 - j], -cosines[j <= 8 ? 8 - j : j - 8]);
}

// z * e^(-2 pi i sixteenths / 16), sixteenths 0 .. 7
NR_DEVICE float2 turned(float2 z, int sixteenths)
{
    constexpr float half_root = 0.70710678118654752f;
    return sixteenths == 0 ? z
        : sixteenths == 2  ? make_float2((z.x + z.y) * half_root, (z.y - z.x) * half_root)
        : sixteenths == 4  ? make_float2(z.y, -z.x)
        : sixteenths == 6  ? make_float2((z.y - z.x) * half_root, (-z.x - z.y) * half_root)
                           : times(z, rotation(2 * sixteenths));
}

// The transform of `radix` points in registers; frequency q comes to lie at q with its bits reversed.
template <int radix>
NR_DEVICE void butterfly(float2* v)
{
    constexpr int half = radix / 2;
#pragma unroll
    for (int r = 0; r < half; r++)
    {
        const float2 a = v[r], b = v[r + half];
        v[r] = make_float2(a.x + b.x, a.y + b.y);
        v[r + half] = turned(make_float2(a.x - b.x, a.y - b.y), r * 8 / half);
    }
    if constexpr (half > 1)
    {
        butterfly<half>(v);
        butterfly<half>(v + half);
    }
}

NR_DEVICE float squared(float re, float im) { return re * re + im * im; }
