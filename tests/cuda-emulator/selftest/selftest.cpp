// Proves the emulator: every planted bug is found and named, and what is right passes. One line "ok NAME" or "FAIL NAME: why" for each
// test.
// selftest FOLDER_OF_KERNELS FOLDER_OF_BUGS
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern "C" {
int cuInit(unsigned); int cuDevicePrimaryCtxRetain(void**, int); int cuDevicePrimaryCtxRelease_v2(int); int cuCtxSetCurrent(void*);
int cuCtxSynchronize();
int cuMemAlloc_v2(void**, size_t); int cuMemFree_v2(void*); int cuMemGetInfo_v2(size_t*, size_t*);
int cuMemHostAlloc(void**, size_t, unsigned); int cuMemFreeHost(void*);
int cuMemAllocAsync(void**, size_t, void*); int cuMemFreeAsync(void*, void*);
int cuMemcpyHtoD_v2(void*, const void*, size_t); int cuMemcpyDtoH_v2(void*, const void*, size_t);
int cuMemcpyHtoDAsync_v2(void*, const void*, size_t, void*); int cuMemcpyDtoHAsync_v2(void*, const void*, size_t, void*);
int cuMemsetD8Async(void*, unsigned char, size_t, void*);
int cuModuleLoadData(void**, const void*); int cuModuleUnload(void*); int cuModuleGetFunction(void**, void*, const char*);
int cuFuncSetAttribute(void*, int, int);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuStreamCreate(void**, unsigned); int cuStreamDestroy_v2(void*); int cuStreamSynchronize(void*); int cuStreamQuery(void*);
int cuStreamWaitEvent(void*, void*, unsigned);
int cuEventCreate(void**, unsigned); int cuEventDestroy_v2(void*); int cuEventRecord(void*, void*); int cuEventQuery(void*);
int cuEventSynchronize(void*);
int cuStreamBeginCapture_v2(void*, int); int cuStreamEndCapture(void*, void**);
int cuGraphInstantiateWithFlags(void**, void*, unsigned long long); int cuGraphLaunch(void*, void*); int cuGraphExecDestroy(void*);
int cuGraphDestroy(void*);
int cuTexRefCreate();
int nvrtcCreateProgram(void**, const char*, const char*, int, const char* const*, const char* const*); int nvrtcDestroyProgram(void**);
int nvrtcCompileProgram(void*, int, const char* const*);
int nvrtcAddNameExpression(void*, const char*); int nvrtcGetLoweredName(void*, const char*, const char**);
int nvrtcGetCUBINSize(void*, size_t*); int nvrtcGetCUBIN(void*, char*); int nvrtcGetProgramLogSize(void*, size_t*);
int nvrtcGetProgramLog(void*, char*);
int cublasLtCreate(void**); int cublasLtMatmulDescCreate(void**, int, int);
int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t);
int cublasLtMatrixLayoutCreate(void**, int, uint64_t, uint64_t, int64_t);
int cublasLtMatmulPreferenceCreate(void**); int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void*, int*);
int cublasLtMatmul(void*, void*, const float*, const void*, void*, const void*, void*, const float*, const void*, void*, void*, void*,
    const void*, void*, size_t, void*);
int cudnnCreate(void**); int cudnnCreateTensorDescriptor(void**); int cudnnSetTensor4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateFilterDescriptor(void**); int cudnnSetFilter4dDescriptor(void*, int, int, int, int, int, int);
int cudnnCreateConvolutionDescriptor(void**); int cudnnSetConvolution2dDescriptor(void*, int, int, int, int, int, int, int, int);
int cudnnConvolutionForward(void*, const float*, void*, const void*, void*, const void*, void*, int, void*, size_t, const float*, void*,
    void*);
int cudnnConvolutionBackwardData(void*, const float*, void*, const void*, void*, const void*, void*, int, void*, size_t, const float*,
    void*, void*);
int cudnnConvolutionBackwardFilter(void*, const float*, void*, const void*, void*, const void*, void*, int, void*, size_t, const float*,
    void*, void*);
int nr_emu_counted(); const char* nr_emu_counters(int, void*, uint32_t*); const char* nr_emu_dear_sites(int); void nr_emu_forget_counters();
const char* nr_emu_take_records();
bool nr_emu_configure(const char*, const char*); const char* nr_emu_last_report(); void nr_emu_reset();
}

namespace {

std::string s_wrong; // the current test's first mistake
void* s_module;
void* s_context;

#define EXPECT(condition)                                                                                             \
    do                                                                                                                \
        if (!(condition) && s_wrong.empty()) s_wrong = std::string(#condition) + " at line " + std::to_string(__LINE__); \
    while (false)

void expect_report(const char* part)
{
    const std::string report = nr_emu_last_report();
    if (report.find(part) == std::string::npos && s_wrong.empty())
        s_wrong = std::string("expected \"") + part + "\", the report is \"" + report + "\"";
}

std::string read(const std::string& path)
{
    std::ifstream file(path);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
}

void* function(const char* name)
{
    void* f = nullptr;
    EXPECT(cuModuleGetFunction(&f, s_module, name) == 0);
    return f;
}

template <class... A> int launch(const char* name, unsigned grid, unsigned block, unsigned shared, void* stream, A... arguments)
{
    void* parameters[] = { static_cast<void*>(&arguments)... };
    return cuLaunchKernel(function(name), grid, 1, 1, block, 1, 1, shared, stream, parameters, nullptr);
}

template <class T> T* device(size_t count)
{
    void* p = nullptr;
    EXPECT(cuMemAlloc_v2(&p, count * sizeof(T)) == 0);
    return static_cast<T*>(p);
}

template <class T> T* upload(const std::vector<T>& values)
{
    T* p = device<T>(values.size());
    EXPECT(cuMemcpyHtoD_v2(p, values.data(), values.size() * sizeof(T)) == 0);
    return p;
}

template <class T> std::vector<T> download(const T* p, size_t count)
{
    std::vector<T> values(count);
    EXPECT(cuMemcpyDtoH_v2(values.data(), p, count * sizeof(T)) == 0);
    return values;
}

std::vector<float> ramp(size_t count)
{
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++) values[i] = static_cast<float>(i % 17) - 8;
    return values;
}

struct Test
{
    const char* name;
    std::function<void()> body;
};

// A kernel with a planted bug: the launch is queued, the synchronisation fails with `code`, stays failed, and the report names the bug.
template <class Launch> Test bug(const char* name, int code, const char* part, Launch run)
{
    return { name, [=] {
                run();
                EXPECT(cuCtxSynchronize() == code);
                expect_report(part);
                expect_report(name);
                EXPECT(cuCtxSynchronize() == code);
                void* p;
                EXPECT(cuMemAlloc_v2(&p, 16) == code);
            } };
}

// As the emulator's Counters.
struct Traffic { uint64_t bytes, requests, sectors, ideal, unique; };
struct Counts
{
    Traffic read, written;
    uint64_t shared_requests, shared_wavefronts, shared_ideal;
    double shared_ways;
    uint64_t atomics, shared_atomics, mma;
};

void expect_traffic(const char* what, const Traffic& t, const Traffic& expected)
{
    if (std::memcmp(&t, &expected, sizeof t) == 0 || !s_wrong.empty()) return;
    for (const uint64_t value : { t.bytes, t.requests, t.sectors, t.ideal, t.unique })
        s_wrong += (s_wrong.empty() ? std::string(what) + ": " : ", ") + std::to_string(value);
}

// What one launch counts; it is the only one since the call before.
template <class... A> Counts count(const char* name, unsigned grid, unsigned block, unsigned shared, A... arguments)
{
    nr_emu_configure("NR_EMU_COUNT", "1");
    nr_emu_forget_counters();
    EXPECT(launch(name, grid, block, shared, nullptr, arguments...) == 0);
    EXPECT(cuCtxSynchronize() == 0);
    nr_emu_configure("NR_EMU_COUNT", "0");
    Counts counts{};
    uint32_t shape[7];
    EXPECT(nr_emu_counted() == 1 && nr_emu_counters(0, &counts, shape) == std::string(name));
    EXPECT(shape[0] == grid && shape[3] == block && shape[6] == shared);
    return counts;
}

std::vector<Test> tests()
{
    return {
        { "good", [] {
             const auto values = ramp(100);
             float* x = upload(values);
             float* y = device<float>(100);
             EXPECT(launch("good", 2, 64, 0, nullptr, x, y, 100) == 0);
             const auto result = download(y, 100);
             EXPECT(cuCtxSynchronize() == 0);
             EXPECT(result[0] == values[63] && result[63] == values[0] && result[64] == 0 && result[99] == values[64 + 63 - 35]);
         } },
        bug("reads_past_the_end", 700, "0 bytes past the end of device allocation",
            [] { launch("reads_past_the_end", 1, 64, 0, nullptr, upload(ramp(64)), device<float>(64)); }),
        bug("writes_past_the_end", 700, "out-of-bounds write of 4 bytes",
            [] { launch("writes_past_the_end", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("reads_the_host", 700, "which is not device memory",
            [] { static float here = 1; launch("reads_the_host", 1, 1, 0, nullptr, static_cast<const float*>(&here), device<float>(1)); }),
        bug("reads_past_dynamic_shared", 700, "dynamic shared memory, which has 256",
            [] { launch("reads_past_dynamic_shared", 1, 64, 256, nullptr, device<float>(64)); }),
        bug("leaves_a_shared_array", 700, "is outside its array",
            [] { launch("leaves_a_shared_array", 1, 32, 0, nullptr, device<float>(64), 8); }),
        bug("loads_a_misaligned_vector", 716, "misaligned",
            [] { launch("loads_a_misaligned_vector", 1, 1, 0, nullptr, upload(ramp(8)), device<float>(4)); }),
        bug("races_in_shared", 719, "data race", [] { launch("races_in_shared", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("overwrites_what_is_read", 719, "data race", [] { launch("overwrites_what_is_read", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("races_between_blocks", 719, "are not ordered", [] { launch("races_between_blocks", 2, 64, 0, nullptr, device<float>(64)); }),
        bug("races_in_global", 719, "of the same block have no barrier between them",
            [] { launch("races_in_global", 1, 64, 0, nullptr, upload(ramp(128))); }),
        bug("reads_unwritten_shared", 719, "uninitialised read of 4 bytes from static shared memory",
            [] { launch("reads_unwritten_shared", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("reads_a_word_of_which_a_byte_was_written", 719, "uninitialised read of 4 bytes from static shared memory",
            [] { launch("reads_a_word_of_which_a_byte_was_written", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("races_in_the_last_byte_of_a_word", 719, "data race",
            [] { launch("races_in_the_last_byte_of_a_word", 1, 64, 0, nullptr, device<float>(1)); }),
        bug("reads_unwritten_global", 719, "uninitialised read of 4 bytes from byte",
            [] { launch("reads_unwritten_global", 1, 64, 0, nullptr, device<float>(64), device<float>(64)); }),
        bug("diverges_at_barriers", 719, "barrier divergence",
            [] { launch("diverges_at_barriers", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("exits_while_others_wait", 719, "exit", [] { launch("exits_while_others_wait", 1, 64, 0, nullptr, device<float>(64)); }),
        bug("shuffles_outside_its_mask", 719, "mask", [] { launch("shuffles_outside_its_mask", 1, 32, 0, nullptr, device<float>(64)); }),
        bug("reads_a_lane_outside_its_mask", 719, "shuffle reads lane 20",
            [] { launch("reads_a_lane_outside_its_mask", 1, 32, 0, nullptr, device<float>(64)); }),
        bug("half_a_warp_shuffles", 719, "deadlock", [] { launch("half_a_warp_shuffles", 1, 32, 0, nullptr, device<float>(64)); }),
        bug("shuffles_after_half_a_warp_has_left", 719, "exit",
            [] { launch("shuffles_after_half_a_warp_has_left", 1, 32, 0, nullptr, device<float>(64)); }),
        bug("misses_the_wait", 719, "uninitialised read",
            [] { launch("misses_the_wait", 1, 32, 0, nullptr, upload(ramp(128)), device<float>(128)); }),
        bug("misses_the_barrier_after_the_wait", 719, "",
            [] { launch("misses_the_barrier_after_the_wait", 1, 32, 0, nullptr, upload(ramp(128)), device<float>(128)); }),
        bug("divides_by_zero", 719, "division by zero", [] { launch("divides_by_zero", 1, 1, 0, nullptr, device<int>(1), 0); }),
        bug("mixes_atomic_and_plain", 719, "data race", [] { launch("mixes_atomic_and_plain", 1, 64, 0, nullptr, device<int>(1)); }),
        { "a report names kernel, block, thread and line", [] {
             launch("reads_past_the_end", 1, 64, 0, nullptr, upload(ramp(64)), device<float>(64));
             EXPECT(cuCtxSynchronize() == 700);
             expect_report("kernel reads_past_the_end, block (0, 0, 0), thread (63, 0, 0), bugs.cu:14");
         } },
        { "atomics add up", [] {
             int* y = upload(std::vector<int>(1));
             float* z = upload(std::vector<float>(1));
             launch("adds_atomically", 10, 96, 0, nullptr, y, z);
             EXPECT(download(y, 1)[0] == 960 && download(z, 1)[0] == 480);
         } },
        { "blocks may share a word of halves", [] {
             launch("neighbours_in_a_word", 4, 33, 0, nullptr, device<unsigned short>(132));
             EXPECT(cuCtxSynchronize() == 0);
         } },
        { "a warp barrier orders its lanes", [] {
             launch("warp_synchronous", 1, 64, 0, nullptr, device<float>(64));
             EXPECT(cuCtxSynchronize() == 0);
         } },
        { "shuffles move values", [] {
             int* y = device<int>(32);
             launch("reverses_a_warp", 1, 32, 0, nullptr, y);
             EXPECT(download(y, 32)[3] == 28);
         } },
        { "tensor cores multiply bf16", [] {
             // Small whole numbers: exact in bf16, and every element of the product is another one.
             std::vector<unsigned> a(16 * 8), b(8 * 8);
             auto half = [](int value)
             {
                 const auto number = static_cast<float>(value);
                 unsigned word;
                 std::memcpy(&word, &number, 4);
                 return word >> 16;
             };
             auto left = [](int row, int k) { return row * 3 + k % 5 - 20; };
             auto right = [](int k, int column) { return column * 7 - k * 2; };
             for (int i = 0; i < 16 * 8; i++)
                 a[static_cast<size_t>(i)] = half(left(i / 8, i % 8 * 2)) | half(left(i / 8, i % 8 * 2 + 1)) << 16;
             for (int i = 0; i < 8 * 8; i++)
                 b[static_cast<size_t>(i)] = half(right(i % 8 * 2, i / 8)) | half(right(i % 8 * 2 + 1, i / 8)) << 16;
             float* y = device<float>(128);
             launch("multiplies_in_bf16", 1, 32, 0, nullptr, upload(a), upload(b), y);
             const auto got = download(y, 128);
             for (int row = 0; row < 16; row++)
                 for (int column = 0; column < 8; column++)
                 {
                     int sum = 0;
                     for (int k = 0; k < 16; k++) sum += left(row, k) * right(k, column);
                     EXPECT(got[static_cast<size_t>(row * 8 + column)] == static_cast<float>(sum));
                 }
         } },
        { "tensor cores multiply TF32", [] {
             // 1 + 2^-12 is 1 in TF32, 1 + 2^-11 rounds away from zero to 1 + 2^-10; three products keep both.
             auto left = [](int row, int k) { return (row * 3 + k % 5 - 20) * (1 + std::ldexp(1.0f, row % 2 ? -12 : -11)); };
             auto right = [](int k, int column) { return static_cast<float>(column * 7 - k * 2); };
             std::vector<float> a(16 * 8), b(8 * 8);
             for (int i = 0; i < 16 * 8; i++) a[static_cast<size_t>(i)] = left(i / 8, i % 8);
             for (int i = 0; i < 8 * 8; i++) b[static_cast<size_t>(i)] = right(i % 8, i / 8);
             float *once = device<float>(128), *thrice = device<float>(128);
             launch("multiplies_in_tf32", 1, 32, 0, nullptr, upload(a), upload(b), once);
             launch("multiplies_in_three_products", 1, 32, 0, nullptr, upload(a), upload(b), thrice);
             const auto first = download(once, 128), third = download(thrice, 128);
             bool rounded = false;
             for (int row = 0; row < 16; row++)
                 for (int column = 0; column < 8; column++)
                 {
                     double sum = 0, size = 0;
                     for (int k = 0; k < 8; k++)
                     {
                         const double product = static_cast<double>(left(row, k)) * right(k, column);
                         sum += product;
                         size += std::fabs(product);
                     }
                     const auto at = static_cast<size_t>(row * 8 + column);
                     EXPECT(std::fabs(first[at] - sum) <= size * std::ldexp(1.0, -11)
                         && std::fabs(third[at] - sum) <= size * std::ldexp(1.0, -21));
                     rounded |= std::fabs(first[at] - sum) > size * std::ldexp(1.0, -14);
                 }
             EXPECT(rounded);
             a.assign(a.size(), 1 + std::ldexp(1.0f, -11));
             b.assign(b.size(), 1.0f);
             launch("multiplies_in_tf32", 1, 32, 0, nullptr, upload(a), upload(b), once);
             EXPECT(download(once, 1)[0] == 8 * (1 + std::ldexp(1.0f, -10)));
         } },
        { "launch limits", [] {
             float* y = device<float>(2048);
             EXPECT(launch("at_most_64", 1, 64, 0, nullptr, y) == 0);
             EXPECT(launch("at_most_64", 1, 65, 0, nullptr, y) == 701);
             EXPECT(launch("good", 0, 64, 0, nullptr, y, y, 1) == 1);
             EXPECT(launch("good", 1, 2048, 0, nullptr, y, y, 1) == 1);
             EXPECT(launch("good", 1, 64, 50000, nullptr, y, y, 1) == 1);
             EXPECT(cuFuncSetAttribute(function("reads_past_dynamic_shared"), 8, 65536) == 0);
             EXPECT(cuFuncSetAttribute(function("reads_past_dynamic_shared"), 8, 300000) == 1);
         } },
        { "nothing runs before somebody waits", [] {
             void* host;
             EXPECT(cuMemHostAlloc(&host, 64 * 4, 0) == 0);
             auto* values = static_cast<float*>(host);
             std::fill_n(values, 64, -1.0f);
             float* x = upload(ramp(64));
             void* stream;
             EXPECT(cuStreamCreate(&stream, 1) == 0);
             EXPECT(launch("scales", 1, 64, 0, stream, x, 2.0f, 64) == 0);
             EXPECT(cuMemcpyDtoHAsync_v2(values, x, 64 * 4, stream) == 0);
             EXPECT(values[0] == -1);
             EXPECT(cuStreamSynchronize(stream) == 0);
             EXPECT(values[0] == -16);
             EXPECT(cuStreamQuery(stream) == 0);
         } },
        { "polling makes progress", [] {
             void *stream, *event;
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuEventCreate(&event, 2) == 0);
             launch("scales", 1, 64, 0, stream, upload(ramp(64)), 2.0f, 64);
             EXPECT(cuEventRecord(event, stream) == 0);
             int polls = 0;
             while (cuEventQuery(event) == 600 && polls < 100) polls++;
             EXPECT(polls > 0 && polls < 100);
         } },
        { "events order streams", [] {
             void *first, *second, *event;
             EXPECT(cuStreamCreate(&first, 1) == 0 && cuStreamCreate(&second, 1) == 0 && cuEventCreate(&event, 2) == 0);
             float* x = upload(std::vector<float>(64, 1.0f));
             launch("scales", 1, 64, 0, first, x, 3.0f, 64);
             EXPECT(cuEventRecord(event, first) == 0 && cuStreamWaitEvent(second, event, 0) == 0);
             void* host;
             EXPECT(cuMemHostAlloc(&host, 64 * 4, 0) == 0);
             EXPECT(cuMemcpyDtoHAsync_v2(host, x, 64 * 4, second) == 0);
             EXPECT(cuStreamSynchronize(second) == 0 && static_cast<float*>(host)[5] == 3);
         } },
        { "memory freed while work is queued", [] {
             float* x = upload(ramp(64));
             launch("scales", 1, 64, 0, nullptr, x, 2.0f, 64);
             EXPECT(cuMemFree_v2(x) == 0);
             EXPECT(cuCtxSynchronize() == 700);
             expect_report("use after free");
         } },
        { "pinned memory freed while a copy is queued", [] {
             void *host, *stream;
             EXPECT(cuMemHostAlloc(&host, 256, 0) == 0 && cuStreamCreate(&stream, 1) == 0);
             EXPECT(cuMemcpyHtoDAsync_v2(device<float>(64), host, 256, stream) == 0);
             EXPECT(cuMemFreeHost(host) == 0);
             EXPECT(cuStreamSynchronize(stream) == 700);
             expect_report("use after free");
         } },
        { "freed in stream order", [] {
             void *stream, *x;
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuMemAllocAsync(&x, 256, stream) == 0);
             EXPECT(cuMemsetD8Async(x, 0, 256, stream) == 0);
             launch("scales", 1, 64, 0, stream, static_cast<float*>(x), 2.0f, 64);
             EXPECT(cuMemFreeAsync(x, stream) == 0 && cuStreamSynchronize(stream) == 0);
         } },
        { "double free", [] {
             float* x = device<float>(4);
             EXPECT(cuMemFree_v2(x) == 0 && cuMemFree_v2(x) == 1);
             expect_report("double free of device allocation");
         } },
        { "copies hold to their allocations", [] {
             const auto values = ramp(64);
             float* x = device<float>(32);
             EXPECT(cuMemcpyHtoD_v2(x, values.data(), 256) == 700);
             expect_report("cuMemcpyHtoD: write, out of bounds");
         } },
        { "out of memory", [] {
             EXPECT(nr_emu_configure("NR_EMU_MEMORY_MIB", "1"));
             void* p;
             size_t free, total;
             EXPECT(cuMemAlloc_v2(&p, 2 << 20) == 2 && cuMemAlloc_v2(&p, 1 << 19) == 0 && cuMemGetInfo_v2(&free, &total) == 0);
             EXPECT(free == 1 << 19 && total == 1 << 20);
             EXPECT(nr_emu_configure("NR_EMU_MEMORY_MIB", "4096"));
         } },
        { "leaks at the context's end", [] {
             device<float>(11);
             EXPECT(cuDevicePrimaryCtxRelease_v2(0) == 0);
             expect_report("leak: device allocation");
             EXPECT(cuDevicePrimaryCtxRetain(&s_context, 0) == 0);
         } },
        { "a captured graph runs again", [] {
             void *stream, *graph, *executable;
             float* x = upload(std::vector<float>(64, 1.0f));
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuStreamBeginCapture_v2(stream, 0) == 0);
             launch("scales", 1, 64, 0, stream, x, 2.0f, 64);
             launch("scales", 1, 64, 0, stream, x, 3.0f, 64);
             EXPECT(cuStreamEndCapture(stream, &graph) == 0 && cuGraphInstantiateWithFlags(&executable, graph, 0) == 0
                 && cuGraphDestroy(graph) == 0);
             EXPECT(cuGraphLaunch(executable, stream) == 0 && cuGraphLaunch(executable, stream) == 0 && cuStreamSynchronize(stream) == 0);
             EXPECT(download(x, 1)[0] == 36);
             EXPECT(cuGraphExecDestroy(executable) == 0);
         } },
        { "a capture does not survive a synchronisation", [] {
             void *stream, *graph;
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuStreamBeginCapture_v2(stream, 0) == 0);
             EXPECT(cuStreamSynchronize(stream) == 900);
             EXPECT(cuStreamEndCapture(stream, &graph) == 901);
         } },
        { "a capture names the call that ended it", [] {
             void *stream, *other, *event, *p, *module;
             void* before = nullptr;
             EXPECT(cuMemHostAlloc(&before, 64, 0) == 0 && cuStreamCreate(&stream, 1) == 0 && cuStreamCreate(&other, 1) == 0);
             EXPECT(cuEventCreate(&event, 2) == 0 && cuEventRecord(event, other) == 0);
             const std::pair<const char*, std::function<int()>> calls[] = {
                 { "cuStreamSynchronize", [&] { return cuStreamSynchronize(other); } },
                 { "cuStreamQuery", [&] { return cuStreamQuery(stream); } },
                 { "cuCtxSynchronize", [&] { return cuCtxSynchronize(); } }, { "cuEventQuery", [&] { return cuEventQuery(event); } },
                 { "cuEventSynchronize", [&] { return cuEventSynchronize(event); } },
                 { "cuMemAlloc", [&] { return cuMemAlloc_v2(&p, 64); } },
                 { "cuMemHostAlloc", [&] { return cuMemHostAlloc(&p, 64, 0); } },
                 { "cuMemFreeHost", [&] { return cuMemFreeHost(before); } },
                 { "cuModuleLoadData", [&] { return cuModuleLoadData(&module, "no image"); } },
                 { "cuStreamWaitEvent", [&] { return cuStreamWaitEvent(stream, event, 0); } },
             };
             for (const auto& [name, call] : calls)
             {
                 void* graph;
                 EXPECT(cuStreamBeginCapture_v2(stream, 1) == 0);
                 EXPECT(call() == 900);
                 expect_report(name);
                 EXPECT(cuStreamEndCapture(stream, &graph) == 901 && !graph);
             }
             EXPECT(cuMemFreeHost(before) == 0 && cuStreamSynchronize(stream) == 0);
         } },
        { "beside a thread's own capture others go on", [] {
             void *stream, *graph;
             int allocated = -1, synchronised = -1;
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuStreamBeginCapture_v2(stream, 1) == 0);
             std::thread([&] {
                 void* p;
                 cuCtxSetCurrent(s_context);
                 allocated = cuMemAlloc_v2(&p, 64);
                 synchronised = cuStreamSynchronize(stream);
             }).join();
             EXPECT(allocated == 0 && synchronised == 900);
             EXPECT(cuStreamEndCapture(stream, &graph) == 901);
         } },
        { "an upload from reused pinned memory ends a capture", [] {
             void *stream, *graph, *executable, *reused, *own;
             float* x = device<float>(16);
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuMemHostAlloc(&reused, 64, 0) == 0 && cuMemHostAlloc(&own, 64, 0) == 0);
             std::fill_n(static_cast<float*>(own), 16, 3.0f);
             std::fill_n(static_cast<float*>(reused), 16, 2.0f);
             EXPECT(cuMemcpyHtoDAsync_v2(x, reused, 64, stream) == 0 && cuStreamBeginCapture_v2(stream, 1) == 0);
             EXPECT(cuMemcpyHtoDAsync_v2(x, static_cast<char*>(reused) + 32, 32, stream) == 900);
             expect_report("pinned memory that other copies use");
             EXPECT(cuStreamEndCapture(stream, &graph) == 901 && cuStreamBeginCapture_v2(stream, 1) == 0);
             std::vector<float> pageable(16);
             EXPECT(cuMemcpyHtoDAsync_v2(x, pageable.data(), 64, stream) == 900);
             expect_report("pageable memory");
             EXPECT(cuStreamEndCapture(stream, &graph) == 901 && cuStreamBeginCapture_v2(stream, 1) == 0);
             EXPECT(cuMemcpyHtoDAsync_v2(x, own, 64, stream) == 0 && cuStreamEndCapture(stream, &graph) == 0);
             EXPECT(cuGraphInstantiateWithFlags(&executable, graph, 0) == 0 && cuGraphLaunch(executable, stream) == 0
                 && cuStreamSynchronize(stream) == 0);
             EXPECT(download(x, 1)[0] == 3);
             EXPECT(cuGraphExecDestroy(executable) == 0 && cuGraphDestroy(graph) == 0 && cuMemFreeHost(reused) == 0
                 && cuMemFreeHost(own) == 0);
         } },
        { "what is not implemented says so", [] {
             EXPECT(cuTexRefCreate() == 801);
             expect_report("cuTexRefCreate is not implemented");
         } },
        { "compiler errors come through the log", [] {
             void* program;
             EXPECT(nvrtcCreateProgram(&program, "extern \"C\" __global__ void k(float* y) {\n y[0] = INFINITY; }", "wrong.cu", 0, nullptr,
                 nullptr) == 0);
             EXPECT(nvrtcCompileProgram(program, 0, nullptr) == 6);
             size_t bytes;
             nvrtcGetProgramLogSize(program, &bytes);
             std::string log(bytes, 0);
             nvrtcGetProgramLog(program, log.data());
             EXPECT(log.find("wrong.cu:2") != std::string::npos && log.find("INFINITY") != std::string::npos);
             const char* unknown[] = { "--no-such-option" };
             EXPECT(nvrtcCompileProgram(program, 1, unknown) == 5);
             const char* old[] = { "--gpu-architecture=sm_35" };
             EXPECT(nvrtcCompileProgram(program, 1, old) == 5);
         } },
        { "matrix product", [] {
             // Column-major C [2, 2] = A [2, 3] * B [3, 2].
             float* a = upload<float>({ 1, 4, 2, 5, 3, 6 });
             float* b = upload<float>({ 1, 0, 1, 0, 1, 1 });
             float* c = device<float>(4);
             void *lt, *description, *la, *lb, *lc, *narrow, *half, *tall;
             EXPECT(cublasLtCreate(&lt) == 0 && cublasLtMatmulDescCreate(&description, 68, 0) == 0);
             cublasLtMatrixLayoutCreate(&la, 0, 2, 3, 2);
             cublasLtMatrixLayoutCreate(&lb, 0, 3, 2, 3);
             cublasLtMatrixLayoutCreate(&lc, 0, 2, 2, 2);
             cublasLtMatrixLayoutCreate(&narrow, 0, 3, 3, 3);
             cublasLtMatrixLayoutCreate(&half, 14, 3, 2, 3);
             cublasLtMatrixLayoutCreate(&tall, 0, 2, 2, 3);
             const float one = 1, zero = 0;
             const auto multiply = [&](void* left, void* right, void* result) {
                 return cublasLtMatmul(lt, description, &one, a, left, b, right, &zero, c, result, c, result, nullptr, nullptr, 0, nullptr);
             };
             EXPECT(multiply(la, lb, lc) == 0);
             EXPECT((download(c, 4) == std::vector<float>{ 4, 10, 5, 11 }));
             EXPECT(multiply(narrow, lb, lc) == 7);
             EXPECT(multiply(la, half, lc) == 15);
             EXPECT(multiply(la, lb, tall) == 0);
             EXPECT(cuCtxSynchronize() == 700);
             expect_report("past the end");
         } },
        { "matrix product with bias and relu", [] {
             float* a = upload<float>({ 1, 4, 2, 5, 3, 6 });
             float* b = upload<float>({ 1, 0, 1, 0, 1, 1 });
             float* bias = upload<float>({ -5, 1 });
             float* d = device<float>(4);
             void *lt, *description, *la, *lb, *ld, *preference;
             EXPECT(cublasLtCreate(&lt) == 0 && cublasLtMatmulDescCreate(&description, 68, 0) == 0);
             const uint32_t epilogue = 6;
             EXPECT(cublasLtMatmulDescSetAttribute(description, 7, &epilogue, 4) == 0);
             EXPECT(cublasLtMatmulDescSetAttribute(description, 7, &epilogue, 8) == 7);
             cublasLtMatrixLayoutCreate(&la, 0, 2, 3, 2);
             cublasLtMatrixLayoutCreate(&lb, 0, 3, 2, 3);
             cublasLtMatrixLayoutCreate(&ld, 0, 2, 2, 2);
             const float one = 1, zero = 0;
             EXPECT(cublasLtMatmul(lt, description, &one, a, la, b, lb, &zero, d, ld, d, ld, nullptr, nullptr, 0, nullptr) == 7);
             EXPECT(cublasLtMatmulDescSetAttribute(description, 8, &bias, 8) == 0);
             cublasLtMatmulPreferenceCreate(&preference);
             EXPECT(cublasLtMatmulPreferenceSetAttribute(preference, 13, &epilogue, 4) == 7);
             char results[96];
             int count;
             EXPECT(cublasLtMatmulAlgoGetHeuristic(lt, description, la, lb, ld, ld, preference, 1, results, &count) == 0 && count == 1);
             EXPECT(cublasLtMatmul(lt, description, &one, a, la, b, lb, &zero, d, ld, d, ld, results, nullptr, 0, nullptr) == 0);
             EXPECT((download(d, 4) == std::vector<float>{ 0, 11, 0, 12 }));
         } },
        { "requests in a line take four sectors a warp", [] {
             const auto c = count("moves", 1, 64, 0, upload(ramp(64)), device<float>(64), 1, 0);
             expect_traffic("read", c.read, { 256, 2, 8, 8, 8 });
             expect_traffic("written", c.written, { 256, 2, 8, 8, 8 });
             EXPECT(c.shared_requests == 0 && c.atomics == 0 && c.mma == 0 && !*nr_emu_dear_sites(0));
         } },
        { "a request that begins beside a sector takes one more",
            [] { expect_traffic("read", count("moves", 1, 32, 0, upload(ramp(64)), device<float>(32), 1, 1).read, { 128, 1, 5, 4, 5 }); } },
        { "a strided request takes a sector a lane", [] {
             expect_traffic("read", count("moves", 1, 32, 0, upload(ramp(256)), device<float>(32), 8, 0).read, { 128, 1, 32, 4, 32 });
             if (std::string(nr_emu_dear_sites(0)) != "traffic.cu:4: reads of global memory, 1 requests, 32 sectors where 4 would do\n")
                 s_wrong = nr_emu_dear_sites(0);
         } },
        { "one value for all lanes is one sector",
            [] { expect_traffic("read", count("moves", 1, 32, 0, upload(ramp(32)), device<float>(32), 0, 3).read, { 128, 1, 1, 1, 1 }); } },
        { "vectors of 16 bytes are one request",
            [] { expect_traffic("read", count("moves_vectors", 1, 32, 0, upload(ramp(128)), device<float>(128)).read,
                { 512, 1, 16, 16, 16 }); } },
        { "rounds of a loop are requests of their own, sectors of a launch are counted once", [] {
             expect_traffic("read", count("moves_for_a_while", 3, 32, 0, upload(ramp(64)), device<float>(96)).read,
                 { 3 * 48 * 4, 6, 24, 3 * (4 + 2), 8 });
         } },
        { "bank conflicts are counted", [] {
             const auto line = count("meets_banks", 1, 32, 4096, device<float>(32), 1),
                        two = count("meets_banks", 1, 32, 4096, device<float>(32), 2),
                        all = count("meets_banks", 1, 32, 4096, device<float>(32), 32),
                        one = count("meets_banks", 1, 32, 4096, device<float>(32), 0);
             EXPECT(line.shared_requests == 33 && line.shared_wavefronts == 33 && line.shared_ideal == 33 && line.shared_ways == 1);
             EXPECT(two.shared_wavefronts == 34 && two.shared_ways == 2);
             EXPECT(all.shared_wavefronts == 64 && all.shared_ways == 32);
             EXPECT(one.shared_wavefronts == 33 && one.shared_ways == 1);
         } },
        { "vectors of 16 bytes pass shared memory by quarters of a warp", [] {
             const auto line = count("meets_banks_with_vectors", 1, 32, 4096, device<float>(128), 1),
                        two = count("meets_banks_with_vectors", 1, 32, 4096, device<float>(128), 2);
             EXPECT(line.shared_requests == 9 && line.shared_wavefronts == 36 && line.shared_ideal == 36 && line.shared_ways == 1);
             EXPECT(two.shared_wavefronts == 40 && two.shared_ideal == 36 && two.shared_ways == 2);
         } },
        { "atomics are counted, and read and write", [] {
             const auto c = count("adds_atomically", 10, 96, 0, upload(std::vector<int>(1)), upload(std::vector<float>(1)));
             EXPECT(c.atomics == 1920 && c.shared_atomics == 0);
             expect_traffic("written", c.written, { 7680, 60, 60, 60, 2 });
             EXPECT(c.read.unique == 2 && c.read.requests == 0);
             EXPECT(count("counts_in_shared", 1, 64, 0, device<int>(1)).shared_atomics == 64);
         } },
        { "asynchronous copies are counted once", [] {
             const auto c = count("copies_asynchronously", 1, 32, 0, upload(ramp(128)), device<float>(128));
             expect_traffic("read", c.read, { 512, 1, 16, 16, 16 });
             EXPECT(c.shared_requests == 2 && c.shared_wavefronts == 8);
         } },
        { "mma is counted by warps", [] { EXPECT(count("multiplies", 1, 64, 0, device<float>(64)).mma == 6); } },
        { "nothing is counted unless it is asked for", [] {
             nr_emu_forget_counters();
             launch("moves", 1, 64, 0, nullptr, upload(ramp(64)), device<float>(64), 1, 0);
             EXPECT(cuCtxSynchronize() == 0 && nr_emu_counted() == 0);
         } },
        { "work is written down and not done where that is asked for", [] {
             float *x = upload(ramp(64)), *y = device<float>(128);
             nr_emu_configure("NR_EMU_RECORD", "1");
             void *stream, *graph, *executable;
             EXPECT(cuStreamCreate(&stream, 1) == 0 && cuStreamBeginCapture_v2(stream, 0) == 0);
             EXPECT(launch("moves", 2, 32, 128, stream, static_cast<const float*>(x), y + 32, 1, 0) == 0);
             EXPECT(cuStreamEndCapture(stream, &graph) == 0 && cuGraphInstantiateWithFlags(&executable, graph, 0) == 0);
             nr_emu_take_records();
             EXPECT(cuGraphLaunch(executable, stream) == 0 && cuGraphLaunch(executable, stream) == 0
                 && cuMemsetD8Async(y, 0, 512, stream) == 0);
             float read = 1;
             EXPECT(cuStreamSynchronize(stream) == 0 && cuMemcpyDtoH_v2(&read, y, 4) == 0 && read == 0);
             char kernel[200];
             std::snprintf(kernel, sizeof kernel, "kernel\tmoves\t2 1 1\t32 1 1\t128\tr %zu 256\tw %zu 384\ti 1\ti 0\n",
                 reinterpret_cast<size_t>(x), reinterpret_cast<size_t>(y + 32));
             if (const std::string got = nr_emu_take_records(), expected = std::string(kernel) + kernel + "fill\t512\ndownload\t4\n";
                 got != expected)
                 s_wrong = got + " is not " + expected;
             nr_emu_configure("NR_EMU_RECORD", "0");
             EXPECT(download(x, 1)[0] == -8);
         } },
        { "convolution and its gradients agree", [] {
             // <dy, conv(x, w)> = <convT(dy, w), x> = <dw(x, dy), w>
             void *dnn, *tx, *ty, *tw, *d;
             cudnnCreate(&dnn);
             cudnnCreateTensorDescriptor(&tx);
             cudnnCreateTensorDescriptor(&ty);
             cudnnCreateFilterDescriptor(&tw);
             cudnnCreateConvolutionDescriptor(&d);
             EXPECT(cudnnSetTensor4dDescriptor(tx, 0, 0, 2, 0, 5, 4) == 2000);
             EXPECT(cudnnSetConvolution2dDescriptor(d, 1, 1, 1, 1, 1, 1, 1, 9) == 2000);
             for (int format = 0; format < 2; format++)
             {
                 EXPECT(cudnnSetTensor4dDescriptor(tx, format, 0, 2, 3, 5, 4) == 0
                     && cudnnSetTensor4dDescriptor(ty, format, 0, 2, 4, 5, 4) == 0);
                 EXPECT(cudnnSetFilter4dDescriptor(tw, 0, format, 4, 3, 3, 3) == 0
                     && cudnnSetConvolution2dDescriptor(d, 1, 1, 1, 1, 1, 1, 1, 0) == 0);
                 const auto vx = ramp(120), vdy = ramp(160), vw = ramp(108);
                 float *x = upload(vx), *w = upload(vw), *y = device<float>(160), *dy = upload(vdy), *dx = device<float>(120),
                     *dw = device<float>(108);
                 const float one = 1, zero = 0;
                 EXPECT(cudnnConvolutionForward(dnn, &one, tx, x, tw, w, d, 0, nullptr, 0, &zero, ty, y) == 0);
                 EXPECT(cudnnConvolutionBackwardData(dnn, &one, tw, w, ty, dy, d, 0, nullptr, 0, &zero, tx, dx) == 0);
                 EXPECT(cudnnConvolutionBackwardFilter(dnn, &one, tx, x, ty, dy, d, 0, nullptr, 0, &zero, tw, dw) == 0);
                 EXPECT(cudnnConvolutionForward(dnn, &one, tx, x, tw, w, d, 1, nullptr, 0, &zero, ty, y) == 2000);
                 auto dot = [](const std::vector<float>& a, const std::vector<float>& b) {
                     double sum = 0;
                     for (size_t i = 0; i < a.size(); i++) sum += static_cast<double>(a[i]) * b[i];
                     return sum;
                 };
                 const double forward = dot(download(y, 160), vdy);
                 EXPECT(forward != 0 && forward == dot(download(dx, 120), vx) && forward == dot(download(dw, 108), vw));
             }
         } },
    };
}

} // namespace

int main(int count, char** arguments)
{
    if (count != 3) return 2;
    const std::string kernels = arguments[1], bugs = read(std::string(arguments[2]) + "/bugs.cu") + "\n#line 1 \"traffic.cu\"\n"
        + read(std::string(arguments[2]) + "/traffic.cu");
    std::vector<std::string> names, texts;
    for (const auto& file : std::filesystem::directory_iterator(kernels + "/common"))
    {
        names.push_back("common/" + file.path().filename().string());
        texts.push_back(read(file.path()));
    }
    std::vector<const char*> name_pointers, text_pointers;
    for (size_t i = 0; i < names.size(); i++)
    {
        name_pointers.push_back(names[i].c_str());
        text_pointers.push_back(texts[i].c_str());
    }
    void* program;
    nvrtcCreateProgram(&program, bugs.c_str(), "bugs.cu", static_cast<int>(names.size()), text_pointers.data(), name_pointers.data());
    nvrtcAddNameExpression(program, "&fills<float>");
    const char* options[] = { "--gpu-architecture=sm_90", "--std=c++17", "-default-device" };
    if (nvrtcCompileProgram(program, 3, options) != 0)
    {
        size_t bytes;
        nvrtcGetProgramLogSize(program, &bytes);
        std::string log(bytes, 0);
        nvrtcGetProgramLog(program, log.data());
        std::printf("FAIL compilation: %s\n", log.c_str());
        return 1;
    }
    size_t bytes;
    nvrtcGetCUBINSize(program, &bytes);
    std::string image(bytes, 0);
    nvrtcGetCUBIN(program, image.data());
    cuInit(0);
    cuDevicePrimaryCtxRetain(&s_context, 0);
    cuCtxSetCurrent(s_context);
    if (cuModuleLoadData(&s_module, image.data()) != 0)
    {
        std::printf("FAIL loading: %s\n", nr_emu_last_report());
        return 1;
    }
    int failed = 0;
    for (const auto& test : tests())
    {
        s_wrong.clear();
        nr_emu_reset();
        test.body();
        if (s_wrong.empty()) std::printf("ok %s\n", test.name);
        else
        {
            failed++;
            std::printf("FAIL %s: %s\n", test.name, s_wrong.c_str());
        }
        std::fflush(stdout);
    }
    nr_emu_reset();
    return failed ? 1 : 0;
}
