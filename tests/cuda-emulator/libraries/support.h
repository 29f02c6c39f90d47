// What the look-alike libraries use of libcuda.so.1: a stream's queue and the state of device memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#define API extern "C" __attribute__((visibility("default")))

extern "C" {
// Queues work(state) on a stream; false where there is no such stream. The work returns null, or what is wrong with the memory it was
// given (static text or nr_emu_examine's). `state` is released by `drop`; in a graph it runs more than once. Events tell the time given.
bool nr_emu_enqueue(void* stream, const char* (*work)(void*), void* state, void (*drop)(void*), float microseconds);
// Null, or what is wrong with an access of device memory by a library.
const char* nr_emu_examine(const void* address, size_t bytes, bool write);
void nr_emu_written(void* address, size_t bytes);
bool nr_emu_is_device_memory(const void* address);
bool nr_emu_recording();
bool nr_emu_record(void* stream, const char* line);
void nr_emu_report(const char* text);
bool nr_emu_strict();
int nr_emu_capability();
bool nr_emu_bias_gradients();
bool nr_emu_forward_order();
bool nr_emu_random_order();
int nr_emu_wrong_filter_gradient();
}

namespace nr_emu {

// A callable for nr_emu_enqueue.
template <class F> bool enqueue(void* stream, float microseconds, F work)
{
    return nr_emu_enqueue(
        stream, [](void* state) { return (*static_cast<F*>(state))(); }, new F(static_cast<F&&>(work)),
        [](void* state) { delete static_cast<F*>(state); }, microseconds);
}

inline float widen(uint16_t bits)
{
    const uint32_t word = uint32_t{ bits } << 16;
    float value;
    __builtin_memcpy(&value, &word, 4);
    return value;
}

inline uint16_t narrow(float value)
{
    uint32_t word;
    __builtin_memcpy(&word, &value, 4);
    if (value != value) return static_cast<uint16_t>((word >> 16) | 0x40u);
    return static_cast<uint16_t>((word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
}

// What tensor cores take of an f32: rounded to nearest, 11 significant bits.
inline float rounded_to_tf32(float value)
{
    uint32_t word;
    __builtin_memcpy(&word, &value, 4);
    if ((word & 0x7f800000u) != 0x7f800000u) word = (word + 0x1000u) & 0xffffe000u;
    __builtin_memcpy(&value, &word, 4);
    return value;
}

// Time that a library says a product takes: made up, so that large f32 products are faster on tensor cores and small ones are not.
// `weight` tells algorithms apart.
inline float microseconds_of(double products, float weight, bool tensor_cores)
{
    return weight * (5 + static_cast<float>(products * (tensor_cores ? 5e-5 : 4e-4)));
}

enum class Element { F32, F16, BF16 };
inline size_t bytes_of(Element type) { return type == Element::F32 ? 4 : 2; }

inline float load(const void* p, Element type, size_t i)
{
    switch (type)
    {
    case Element::F32: return static_cast<const float*>(p)[i];
    case Element::F16: return static_cast<float>(static_cast<const _Float16*>(p)[i]);
    default: return widen(static_cast<const uint16_t*>(p)[i]);
    }
}

inline void store(void* p, Element type, size_t i, float value)
{
    switch (type)
    {
    case Element::F32: static_cast<float*>(p)[i] = value; break;
    case Element::F16: static_cast<_Float16*>(p)[i] = static_cast<_Float16>(value); break;
    default: static_cast<uint16_t*>(p)[i] = narrow(value);
    }
}

} // namespace nr_emu
