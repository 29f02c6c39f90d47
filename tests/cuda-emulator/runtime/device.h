// The CUDA device language for g++: force-included before a kernel file. Everything that has an effect is a call into the runtime
// (libcuda.so.1); plain loads and stores reach it through -fsanitize=thread, whose hooks the runtime defines itself.
#pragma once
#pragma GCC system_header

typedef unsigned long long nr_emu_u64;
typedef decltype(sizeof 0) size_t;

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; };
#define NR_EMU_VECTORS(type, element, alignment2, alignment4)                                                            \
    struct alignas(alignment2) type##2 { element x, y; };                                                                \
    struct alignas(alignment4) type##4 { element x, y, z, w; };                                                          \
    static inline type##2 make_##type##2(element x, element y) { return { x, y }; }                                      \
    static inline type##4 make_##type##4(element x, element y, element z, element w) { return { x, y, z, w }; }
NR_EMU_VECTORS(float, float, 8, 16)
NR_EMU_VECTORS(int, int, 8, 16)
NR_EMU_VECTORS(uint, unsigned, 8, 16)
NR_EMU_VECTORS(ushort, unsigned short, 4, 8)
#undef NR_EMU_VECTORS

extern "C" {
// A thread's coordinates do not change while it runs: const lets g++ keep them in registers.
uint3 nr_emu_thread_index() __attribute__((const));
uint3 nr_emu_block_index() __attribute__((const));
dim3 nr_emu_block_size() __attribute__((const));
dim3 nr_emu_grid_size() __attribute__((const));
void* nr_emu_dynamic_shared() __attribute__((const));
void nr_emu_barrier(const char* file, int line);
void nr_emu_warp_barrier(unsigned mask);
nr_emu_u64 nr_emu_shuffle(unsigned mask, nr_emu_u64 value, int source);
unsigned nr_emu_ballot(unsigned mask, int predicate);
unsigned nr_emu_lane();
void nr_emu_mma_bf16(float* d, const unsigned* a, const unsigned* b);
void nr_emu_mma_tf32(float* d, const unsigned* a, const unsigned* b);
void nr_emu_copy_async(void* shared, const void* global, unsigned bytes);
void nr_emu_copy_async_commit();
void nr_emu_copy_async_wait(int pending);
float nr_emu_atomic_add_f32(float*, float);
unsigned nr_emu_atomic_add_u32(unsigned*, unsigned);
nr_emu_u64 nr_emu_atomic_add_u64(nr_emu_u64*, nr_emu_u64);
unsigned nr_emu_atomic_exchange_u32(unsigned*, unsigned);
unsigned nr_emu_atomic_or_u32(unsigned*, unsigned);
unsigned nr_emu_atomic_cas_u32(unsigned*, unsigned, unsigned);
nr_emu_u64 nr_emu_atomic_cas_u64(nr_emu_u64*, nr_emu_u64, nr_emu_u64);
int nr_emu_atomic_max_i32(int*, int);
int nr_emu_atomic_min_i32(int*, int);

float fmaxf(float, float) noexcept; float fminf(float, float) noexcept; float sqrtf(float) noexcept; float fabsf(float) noexcept;
float expf(float) noexcept;
float exp2f(float) noexcept;
float expm1f(float) noexcept;
float logf(float) noexcept;
float log2f(float) noexcept;
float log10f(float) noexcept;
float log1pf(float) noexcept;
float erff(float) noexcept;
float erfcf(float) noexcept;
float tanhf(float) noexcept;
float powf(float, float) noexcept; float fmaf(float, float, float) noexcept; float floorf(float) noexcept; float ceilf(float) noexcept;
float rintf(float) noexcept; float roundf(float) noexcept; float truncf(float) noexcept; float copysignf(float, float) noexcept;
float sinf(float) noexcept; float cosf(float) noexcept; float nr_emu_sinpif(float); float nr_emu_cospif(float);
double fmax(double, double) noexcept; double fmin(double, double) noexcept; double sqrt(double) noexcept; double fabs(double) noexcept;
double exp(double) noexcept; double log(double) noexcept; double erf(double) noexcept; double pow(double, double) noexcept;
double floor(double) noexcept; double fma(double, double, double) noexcept;
}

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __constant__ static
#define __restrict__ __restrict
// thread_local is implicitly static at block scope: one copy for each OS thread, that is for each block that runs.
#define __shared__ thread_local
#define threadIdx (nr_emu_thread_index())
#define blockIdx (nr_emu_block_index())
#define blockDim (nr_emu_block_size())
#define gridDim (nr_emu_grid_size())
#define warpSize 32
#define __syncthreads() nr_emu_barrier(__FILE__, __LINE__)

static inline void __syncwarp(unsigned mask = 0xffffffffu) { nr_emu_warp_barrier(mask); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline unsigned __ballot_sync(unsigned mask, int predicate) { return nr_emu_ballot(mask, predicate); }
static inline int __any_sync(unsigned mask, int predicate) { return nr_emu_ballot(mask, predicate) != 0; }
static inline int __all_sync(unsigned mask, int predicate) { return nr_emu_ballot(mask, !predicate) == 0; }

template <class T> static inline T nr_emu_shuffled(unsigned mask, T value, int source)
{
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
    nr_emu_u64 word = 0;
    __builtin_memcpy(&word, &value, sizeof value);
    word = nr_emu_shuffle(mask, word, source);
    __builtin_memcpy(&value, &word, sizeof value);
    return value;
}
// Sources outside the group of `width` lanes mean the own value, as the instruction has it.
template <class T> static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32)
{
    const int lane = (int)nr_emu_lane();
    return nr_emu_shuffled(mask, value, (lane & ~(width - 1)) | (source & (width - 1)));
}
template <class T> static inline T __shfl_xor_sync(unsigned mask, T value, int pattern, int width = 32)
{
    const int lane = (int)nr_emu_lane(), source = lane ^ pattern;
    return nr_emu_shuffled(mask, value, source / width > lane / width ? lane : source);
}
template <class T> static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    const int lane = (int)nr_emu_lane(), place = (lane & (width - 1)) + (int)delta;
    return nr_emu_shuffled(mask, value, place < width ? lane + (int)delta : lane);
}
template <class T> static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    const int lane = (int)nr_emu_lane();
    return nr_emu_shuffled(mask, value, (lane & (width - 1)) >= (int)delta ? lane - (int)delta : lane);
}

static inline float atomicAdd(float* p, float v) { return nr_emu_atomic_add_f32(p, v); }
static inline int atomicAdd(int* p, int v) { return (int)nr_emu_atomic_add_u32((unsigned*)p, (unsigned)v); }
static inline unsigned atomicAdd(unsigned* p, unsigned v) { return nr_emu_atomic_add_u32(p, v); }
static inline nr_emu_u64 atomicAdd(nr_emu_u64* p, nr_emu_u64 v) { return nr_emu_atomic_add_u64(p, v); }
static inline unsigned atomicExch(unsigned* p, unsigned v) { return nr_emu_atomic_exchange_u32(p, v); }
static inline int atomicExch(int* p, int v) { return (int)nr_emu_atomic_exchange_u32((unsigned*)p, (unsigned)v); }
static inline unsigned atomicOr(unsigned* p, unsigned v) { return nr_emu_atomic_or_u32(p, v); }
static inline int atomicOr(int* p, int v) { return (int)nr_emu_atomic_or_u32((unsigned*)p, (unsigned)v); }
static inline unsigned atomicCAS(unsigned* p, unsigned expected, unsigned v) { return nr_emu_atomic_cas_u32(p, expected, v); }
static inline int atomicCAS(int* p, int expected, int v)
{
    return (int)nr_emu_atomic_cas_u32((unsigned*)p, (unsigned)expected, (unsigned)v);
}
static inline nr_emu_u64 atomicCAS(nr_emu_u64* p, nr_emu_u64 expected, nr_emu_u64 v) { return nr_emu_atomic_cas_u64(p, expected, v); }
static inline int atomicMax(int* p, int v) { return nr_emu_atomic_max_i32(p, v); }
static inline int atomicMin(int* p, int v) { return nr_emu_atomic_min_i32(p, v); }

template <class To, class From> static inline To nr_emu_bits(From value)
{
    static_assert(sizeof(To) == sizeof(From), "as many bits");
    To result;
    __builtin_memcpy(&result, &value, sizeof result);
    return result;
}
static inline float __int_as_float(int v) { return nr_emu_bits<float>(v); }
static inline int __float_as_int(float v) { return nr_emu_bits<int>(v); }
static inline float __uint_as_float(unsigned v) { return nr_emu_bits<float>(v); }
static inline unsigned __float_as_uint(float v) { return nr_emu_bits<unsigned>(v); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((nr_emu_u64)a * b) >> 32); }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __clz(int v) { return v ? __builtin_clz((unsigned)v) : 32; }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline unsigned __brev(unsigned v)
{
    unsigned reversed = 0;
    for (int i = 0; i < 32; i++) reversed |= ((v >> i) & 1u) << (31 - i);
    return reversed;
}
static inline float rsqrtf(float v) { return 1.0f / sqrtf(v); }
static inline float __expf(float v) { return expf(v); }
static inline float __logf(float v) { return logf(v); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __frcp_rn(float v) { return 1.0f / v; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float sinpif(float v) { return nr_emu_sinpif(v); }
static inline float cospif(float v) { return nr_emu_cospif(v); }
static inline void sincospif(float v, float* sine, float* cosine) { *sine = nr_emu_sinpif(v); *cosine = nr_emu_cospif(v); }
template <class T> static inline T __ldg(const T* p) { return *p; }
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
static inline bool isnan(float v) { return v != v; }
static inline bool isinf(float v) { return __builtin_isinf(v); }

// What the driver reads from an image: entry points with trampolines whose argument types come from the kernels' own signatures.
struct nr_emu_entry
{
    const char* name;
    void (*run)(void**);
    unsigned parameters;
    const unsigned* parameter_bytes;
    const char* parameter_kinds;
    unsigned max_threads;
};
// What a parameter is: r a pointer to what is read, w a pointer to what is written, f a floating number, i a whole one.
template <class T> struct nr_emu_kind { static constexpr char value = 'i'; };
template <> struct nr_emu_kind<float> { static constexpr char value = 'f'; };
template <> struct nr_emu_kind<double> { static constexpr char value = 'f'; };
template <class T> struct nr_emu_kind<T*> { static constexpr char value = 'w'; };
template <class T> struct nr_emu_kind<const T*> { static constexpr char value = 'r'; };
// They read what the driver holds, not device memory.
#define NR_EMU_UNCHECKED __attribute__((no_sanitize("thread", "alignment")))
template <size_t... I> struct nr_emu_indices {};
template <class... A, size_t... I>
NR_EMU_UNCHECKED static inline void nr_emu_call(void (*kernel)(A...), void** p, nr_emu_indices<I...>) { kernel(*(A*)p[I]...); }
template <class... A> NR_EMU_UNCHECKED static inline void nr_emu_call(void (*kernel)(A...), void** p)
{
    nr_emu_call(kernel, p, nr_emu_indices<__integer_pack(sizeof...(A))...>());
}
template <auto kernel> NR_EMU_UNCHECKED static void nr_emu_run(void** p) { nr_emu_call(kernel, p); }

template <class Kernel> struct nr_emu_signature;
template <class... A> struct nr_emu_signature<void (*)(A...)>
{
    static constexpr unsigned count = sizeof...(A);
    static constexpr unsigned bytes[sizeof...(A) + 1] = { sizeof(A)..., 0 };
    static constexpr char kinds[sizeof...(A) + 1] = { nr_emu_kind<A>::value..., 0 };
};
template <class... A> nr_emu_signature<void (*)(A...)> nr_emu_signature_of(void (*)(A...));
#define NR_EMU_ENTRY(name, kernel, max_threads)                                                                                            \
    {name, nr_emu_run<kernel>, decltype(nr_emu_signature_of(kernel))::count, decltype(nr_emu_signature_of(kernel))::bytes,                 \
        decltype(nr_emu_signature_of(kernel))::kinds, max_threads},
