// Convolutions by the definition, for the look-alike cuDNN: x [n, h, w, c] * filter [k, kh, kw, c] = y [n, oh, ow, k], all channels last.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

// Loops over channels are one instruction for eight of them where the machine has AVX2; sums keep their order and their bits.
#define NR_EMU_VECTORISED __attribute__((target_clones("avx2", "default")))

namespace nr_emu {

using Values = std::vector<float>;

struct ConvolutionShape
{
    int n, h, w, c, k, kh, kw, oh, ow, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w;
    bool turned; // mode CONVOLUTION: the filter is read from its end
    size_t channels() const { return static_cast<size_t>(c); }
    size_t outputs() const { return static_cast<size_t>(k); }
    size_t taps() const { return static_cast<size_t>(kh * kw); }
    // Index of the first channel of a pixel.
    size_t input_at(int image, int row, int column) const { return static_cast<size_t>((image * h + row) * w + column) * channels(); }
    size_t output_at(int image, int row, int column) const { return static_cast<size_t>((image * oh + row) * ow + column) * outputs(); }
};

// visit(tap of the filter, x index of the pixel's first channel) for each tap of the output at (row, column) that lies inside the image.
template <class Visit>
inline __attribute__((always_inline)) void each_tap(const ConvolutionShape& s, int image, int row, int column, Visit visit)
{
    for (int i = 0; i < s.kh; i++)
        for (int j = 0; j < s.kw; j++)
        {
            const int h = row * s.stride_h - s.pad_h + i * s.dilation_h, w = column * s.stride_w - s.pad_w + j * s.dilation_w;
            if (h < 0 || h >= s.h || w < 0 || w >= s.w) continue;
            const int tap = s.turned ? (s.kh - 1 - i) * s.kw + s.kw - 1 - j : i * s.kw + j;
            visit(static_cast<size_t>(tap), s.input_at(image, h, w));
        }
}

inline __attribute__((always_inline)) void add_scaled(float* __restrict sums, const float* __restrict values, float factor, size_t count)
{
    for (size_t i = 0; i < count; i++) sums[i] += factor * values[i];
}

// Each sum over the taps, and in a tap over the input channels.
NR_EMU_VECTORISED static Values convolve(const ConvolutionShape& s, const Values& x, const Values& filter)
{
    const size_t c = s.channels(), k = s.outputs(), taps = s.taps();
    Values turned(filter.size()), y(static_cast<size_t>(s.n * s.oh * s.ow) * k); // the filter as [kh, kw, c, k]
    for (size_t output = 0; output < k; output++)
        for (size_t i = 0; i < taps * c; i++) turned[i * k + output] = filter[output * taps * c + i];
    for (int image = 0; image < s.n; image++)
        for (int row = 0; row < s.oh; row++)
            for (int column = 0; column < s.ow; column++)
                each_tap(s, image, row, column, [&](size_t tap, size_t from) __attribute__((always_inline)) {
                    for (size_t channel = 0; channel < c; channel++)
                        add_scaled(&y[s.output_at(image, row, column)], &turned[(tap * c + channel) * k], x[from + channel], k);
                });
    return y;
}

// Each sum over the positions of y that the pixel is part of, and in a position over the output channels.
NR_EMU_VECTORISED static Values input_gradient(const ConvolutionShape& s, const Values& filter, const Values& dy)
{
    const size_t c = s.channels(), k = s.outputs(), taps = s.taps();
    Values dx(static_cast<size_t>(s.n * s.h * s.w) * c);
    for (int image = 0; image < s.n; image++)
        for (int row = 0; row < s.oh; row++)
            for (int column = 0; column < s.ow; column++)
                each_tap(s, image, row, column, [&](size_t tap, size_t to) __attribute__((always_inline)) {
                    for (size_t output = 0; output < k; output++)
                        add_scaled(&dx[to], &filter[(output * taps + tap) * c], dy[s.output_at(image, row, column) + output], c);
                });
    return dx;
}

// A row of y at a time, as tiles are summed on a GPU: one long sum in float would be worse than any of its algorithms. `split`: even and
// odd rows apart, as sums that are added atomically come in another order.
NR_EMU_VECTORISED static Values filter_gradient(const ConvolutionShape& s, const Values& x, const Values& dy, bool split)
{
    const size_t c = s.channels(), k = s.outputs(), taps = s.taps();
    Values sums(k * taps * c), others(split ? sums.size() : 0), of_row(sums.size());
    for (int image = 0; image < s.n; image++)
        for (int row = 0; row < s.oh; row++)
        {
            std::fill(of_row.begin(), of_row.end(), 0.0f);
            for (int column = 0; column < s.ow; column++)
                each_tap(s, image, row, column, [&](size_t tap, size_t from) __attribute__((always_inline)) {
                    for (size_t output = 0; output < k; output++)
                        add_scaled(&of_row[(output * taps + tap) * c], &x[from], dy[s.output_at(image, row, column) + output], c);
                });
            auto& into = split && (image * s.oh + row) % 2 ? others : sums;
            add_scaled(into.data(), of_row.data(), 1, of_row.size());
        }
    if (split) add_scaled(sums.data(), others.data(), 1, others.size());
    return sums;
}

} // namespace nr_emu
