// libcuda.so.1: the driver API's minimal set on the emulator. Statuses are those of the real driver for the same mistake where it notices
// it; what a GPU would pass over in silence (a race, a read of nothing) ends the context as a failed launch (719) and is named on stderr.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "../runtime/memory.h"
#include "../runtime/module.h"
#include "../runtime/queue.h"
#include "support.h"

using namespace nr_emu;

namespace {

enum Result : int
{
    Ok = 0, InvalidValue = 1, OutOfMemory = 2, NotInitialized = 3, InvalidDevice = 101, InvalidImage = 200, InvalidContext = 201,
    NoBinaryForGpu = 209,
    InvalidHandle = 400, NotFound = 500, NotReady = 600, LaunchOutOfResources = 701, StreamCaptureUnsupported = 900,
    StreamCaptureInvalidated = 901,
    StreamCaptureUnmatched = 903, StreamCaptureUnjoined = 904, StreamCaptureImplicit = 906, NotSupported = 801,
};

struct ErrorText { int code; const char* name; const char* text; };
constexpr ErrorText Errors[] = {
    { 0, "CUDA_SUCCESS", "no error" }, { 1, "CUDA_ERROR_INVALID_VALUE", "invalid argument" },
    { 2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory" },
    { 3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error" }, { 101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal" },
    { 200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid" }, { 201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context" },
    { 209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device" },
    { 400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle" },
    { 500, "CUDA_ERROR_NOT_FOUND", "named symbol not found" }, { 600, "CUDA_ERROR_NOT_READY", "device not ready" },
    { 700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered" },
    { 701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch" },
    { 716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address" }, { 719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure" },
    { 801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported" },
    { 900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing" },
    { 901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture" },
    { 903, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "a capture was ended on another stream than it began on" },
    { 904, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capture ended with a stream that was not joined" },
    { 906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing stream" },
};

struct Function
{
    const Image* image;
    const Entry* entry;
    std::string name;
    int dynamic_limit = 49152;
};

struct Module
{
    Image* image;
    std::map<std::string, std::unique_ptr<Function>> functions;
};

struct GraphExecutable { std::shared_ptr<Graph> graph; };

bool s_initialised = false;
int s_retained = 0;
char s_context; // its address is the primary context's handle
thread_local void* t_current = nullptr;
std::set<Module*> s_modules;
std::set<Function*> s_functions;
std::map<void*, std::shared_ptr<Event>> s_events;
std::map<void*, std::shared_ptr<Graph>> s_graphs;
std::map<void*, std::unique_ptr<GraphExecutable>> s_executables;
std::vector<std::shared_ptr<Graph>> s_capturing;

using Lock = std::lock_guard<std::recursive_mutex>;

// What every call checks first.
int usable()
{
    if (!s_initialised) return NotInitialized;
    if (t_current != &s_context || s_retained == 0) return InvalidContext;
    return sticky();
}

#define USABLE()                            \
    Lock lock(g_api);                       \
    if (const int state = usable()) return state

Failure examined(const void* address, size_t bytes, bool write, const char* call)
{
    const std::string wrong = examine(reinterpret_cast<uintptr_t>(address), bytes, write);
    if (wrong.empty()) return {};
    return { wrong.rfind("uninitialised", 0) == 0 ? LaunchFailed : IllegalAddress,
        std::string(call) + (write ? ": write, " : ": read, ") + wrong };
}

bool pinned(const void* host) { return is_live(reinterpret_cast<uintptr_t>(host), Place::Pinned); }
bool in_arena(const void* p) { return arena_offset(reinterpret_cast<uintptr_t>(p)) < ArenaBytes; }

Failure copy(void* target, const void* source, size_t bytes, const char* call)
{
    // Device and pinned addresses are checked when the copy runs: they may have been freed since it was queued.
    if (in_arena(source))
        if (auto failure = examined(source, bytes, false, call); failure.outcome != Success) return failure;
    if (in_arena(target))
    {
        if (auto failure = examined(target, bytes, true, call); failure.outcome != Success) return failure;
        mark_initialised(reinterpret_cast<uintptr_t>(target), bytes);
    }
    std::memcpy(target, source, bytes);
    return {};
}

std::vector<std::string> s_records;

// Writes a line down when its turn comes: in a graph, each time it is launched.
Work recorded(std::string line)
{
    return [line = std::move(line)]() -> Failure {
        s_records.push_back(line);
        return {};
    };
}

// The driver's own work, or a line that says what it would have been.
Work done_or_recorded(Work work, const char* what, size_t bytes)
{
    return settings().record ? recorded(std::string(what) + '\t' + std::to_string(bytes)) : std::move(work);
}

// Kernel, grid, block, dynamic bytes, then each argument: its kind, value, and for an address how much of an allocation lies there.
std::string line_of(const Function& f, const unsigned* shape, unsigned dynamic, void** parameters)
{
    std::string line = "kernel\t" + f.name;
    for (int i = 0; i < 6; i++) line += (i % 3 ? ' ' : '\t') + std::to_string(shape[i]);
    line += '\t' + std::to_string(dynamic);
    for (unsigned i = 0; i < f.entry->parameters; i++)
    {
        const unsigned bytes = f.entry->parameter_bytes[i];
        const char kind = f.entry->parameter_kinds[i];
        uint64_t word = 0;
        std::memcpy(&word, parameters[i], std::min(bytes, 8u));
        line += std::string("\t") + kind + ' ';
        char text[64];
        if (kind == 'f')
        {
            float single;
            double number;
            std::memcpy(&single, &word, 4);
            std::memcpy(&number, &word, 8);
            std::snprintf(text, sizeof text, "%g", bytes == 4 ? static_cast<double>(single) : number);
        }
        else if (kind == 'i')
            std::snprintf(
                text, sizeof text, "%lld", bytes == 4 ? static_cast<long long>(static_cast<int32_t>(word)) : static_cast<long long>(word));
        else std::snprintf(text, sizeof text, "%llu %zu", static_cast<unsigned long long>(word), bytes_from(word));
        line += text;
    }
    return line;
}

bool device(const void* p, size_t bytes) { return bytes == 0 || is_live(reinterpret_cast<uintptr_t>(p), Place::Device); }

// A call that waits, asks, allocates or loads ends the captures whose mode forbids it to this thread.
bool capture_forbids(const char* call)
{
    bool forbidden = false;
    for (auto& graph : s_capturing)
    {
        if (graph->mode == 2 || (graph->mode == 1 && graph->owner != std::this_thread::get_id())) continue;
        graph->invalid = forbidden = true;
    }
    if (forbidden) report(std::string(call) + " during a capture");
    return forbidden;
}

// A call on a stream that is being captured: no mode allows it, no thread may make it.
int captured(const std::shared_ptr<Graph>& graph, const char* call)
{
    graph->invalid = true;
    report(std::string(call) + " during a capture");
    return StreamCaptureUnsupported;
}

// Pinned memory that copies outside graphs have read: it is filled again and again, and a graph's copy would read what lies there later.
std::set<uintptr_t> s_reused;

int synchronous(Work work)
{
    if (capture_forbids("a copy that waits")) return StreamCaptureImplicit;
    const auto stream = stream_of(nullptr);
    submit(stream, std::move(work));
    run_until(tail(stream));
    return sticky();
}

int asynchronous(void* handle, Work work, float microseconds = UsualMicroseconds)
{
    const auto stream = stream_of(handle);
    if (!stream) return InvalidHandle;
    if (stream->legacy && capture_forbids("work on the legacy stream")) return StreamCaptureImplicit;
    submit(stream, std::move(work), microseconds);
    return Ok;
}

int fill(uint8_t* target, unsigned char value, size_t count, void* stream)
{
    USABLE();
    if (!device(target, count)) return InvalidValue;
    return asynchronous(stream, done_or_recorded([=]() -> Failure {
        if (auto failure = examined(target, count, true, "cuMemsetD8Async"); failure.outcome != Success) return failure;
        std::fill_n(target, count, value);
        mark_initialised(reinterpret_cast<uintptr_t>(target), count);
        return {};
    }, "fill", count));
}

} // namespace

API int cuInit(unsigned flags)
{
    Lock lock(g_api);
    if (flags) return InvalidValue;
    s_initialised = true;
    return Ok;
}
API int cuDriverGetVersion(int* version) { *version = 12080; return Ok; }
API int cuGetErrorName(int error, const char** name)
{
    for (const auto& e : Errors)
        if (e.code == error) { *name = e.name; return Ok; }
    *name = nullptr;
    return InvalidValue;
}
API int cuGetErrorString(int error, const char** text)
{
    for (const auto& e : Errors)
        if (e.code == error) { *text = e.text; return Ok; }
    *text = nullptr;
    return InvalidValue;
}

API int cuDeviceGetCount(int* count) { *count = 1; return s_initialised ? Ok : NotInitialized; }
API int cuDeviceGet(int* device, int ordinal) { *device = 0; return !s_initialised ? NotInitialized : ordinal == 0 ? Ok : InvalidDevice; }
API int cuDeviceGetName(char* name, int length, int device)
{
    if (device != 0) return InvalidDevice;
    std::snprintf(name, static_cast<size_t>(length), "NR CPU emulator");
    return Ok;
}
API int cuDeviceTotalMem_v2(size_t* bytes, int device)
{
    *bytes = size_t{ settings().memory_mib } << 20;
    return device == 0 ? Ok : InvalidDevice;
}
API int cuDeviceGetUuid_v2(void* uuid, int device)
{
    if (device != 0) return InvalidDevice;
    std::memcpy(uuid, "NR CPU emulator", 16);
    static_cast<char*>(uuid)[15] = static_cast<char>(settings().device); // processes that stand for machines with a GPU each
    return Ok;
}
API int cuDeviceGetAttribute(int* value, int attribute, int device)
{
    if (device != 0) return InvalidDevice;
    switch (attribute)
    {
    case 1: *value = MaxThreads; break;          // threads per block
    case 2: case 3: *value = 1024; break;        // block x, y
    case 4: *value = 64; break;
    case 5: *value = 2147483647; break;          // grid x
    case 6: case 7: *value = 65535; break;
    case 8: *value = 49152; break;               // shared bytes per block without opting in
    case 10: *value = 32; break;                 // warp
    case 12: *value = 65536; break;              // registers per block
    case 16: *value = static_cast<int>(settings().multiprocessors); break;
    case 38: *value = 4 << 20; break;            // L2 bytes
    case 39: *value = 2048; break;               // threads per multiprocessor
    case 40: *value = 2; break;                  // copy engines
    case 41: *value = 1; break;                  // unified addressing
    case 75: *value = static_cast<int>(settings().capability / 10); break;
    case 76: *value = static_cast<int>(settings().capability % 10); break;
    case 81: *value = 233472; break;             // shared bytes per multiprocessor
    case 97: *value = MaxSharedBytes; break;     // shared bytes per block, opted in
    case 115: *value = 1; break;                 // memory pools
    default:
        report("device attribute " + std::to_string(attribute) + " is not known to the emulator");
        return InvalidValue;
    }
    return Ok;
}

API int cuDevicePrimaryCtxRetain(void** context, int device)
{
    Lock lock(g_api);
    if (!s_initialised) return NotInitialized;
    if (device != 0) return InvalidDevice;
    s_retained++;
    *context = &s_context;
    return Ok;
}
API int cuDevicePrimaryCtxRelease_v2(int device)
{
    Lock lock(g_api);
    if (device != 0) return InvalidDevice;
    if (s_retained == 0) return InvalidContext;
    if (--s_retained > 0) return Ok;
    if (!sticky()) run_all();
    clear_context();
    // Device memory dies with its context: what is left then was forgotten. Pinned memory too.
    if (const std::string forgotten = leaks(Place::Device) + leaks(Place::Pinned); !forgotten.empty()) report(forgotten);
    s_capturing.clear();
    s_events.clear();
    s_graphs.clear();
    s_executables.clear();
    return Ok;
}
API int cuCtxSetCurrent(void* context)
{
    if (context && context != &s_context) return InvalidContext;
    t_current = context;
    return Ok;
}
API int cuCtxGetCurrent(void** context) { *context = t_current; return s_initialised ? Ok : NotInitialized; }
API int cuCtxSynchronize()
{
    USABLE();
    if (capture_forbids("cuCtxSynchronize")) return StreamCaptureUnsupported;
    run_all();
    return sticky();
}

API int cuMemAlloc_v2(void** address, size_t bytes)
{
    USABLE();
    if (bytes == 0) return InvalidValue;
    if (capture_forbids("cuMemAlloc")) return StreamCaptureUnsupported;
    return (*address = allocate(bytes, Place::Device)) ? Ok : OutOfMemory;
}
API int cuMemFree_v2(void* address)
{
    Lock lock(g_api);
    if (usable() == NotInitialized || usable() == InvalidContext) return usable();
    if (!address) return Ok;
    if (capture_forbids("cuMemFree")) return StreamCaptureUnsupported;
    // The real call waits for the device first. Relying on it costs a stall at best; here queued work meets the freed memory.
    if (!settings().strict) run_all();
    if (const auto wrong = release(reinterpret_cast<uintptr_t>(address), Place::Device); !wrong.empty())
    {
        report("cuMemFree: " + wrong);
        return InvalidValue;
    }
    return sticky();
}
API int cuMemGetInfo_v2(size_t* free, size_t* total)
{
    USABLE();
    *total = size_t{ settings().memory_mib } << 20;
    *free = *total - used_bytes();
    return Ok;
}
API int cuMemAllocAsync(void** address, size_t bytes, void* stream)
{
    USABLE();
    if (bytes == 0 || !stream_of(stream)) return InvalidValue;
    if (stream_of(stream)->capture) { report("cuMemAllocAsync during a capture is not implemented"); return NotSupported; }
    // Memory whose release is queued counts as used until it runs: the real pool also waits for it where nothing else is left.
    *address = allocate(bytes, Place::Device);
    if (!*address)
    {
        run_all();
        *address = allocate(bytes, Place::Device);
    }
    return *address ? Ok : OutOfMemory;
}
API int cuMemFreeAsync(void* address, void* stream)
{
    USABLE();
    return asynchronous(stream, [=]() -> Failure {
        const auto wrong = release(reinterpret_cast<uintptr_t>(address), Place::Device);
        return wrong.empty() ? Failure{} : Failure{ IllegalAddress, "cuMemFreeAsync: " + wrong };
    });
}
API int cuDeviceGetDefaultMemPool(void** pool, int device) { *pool = &s_context; return device == 0 ? Ok : InvalidDevice; }
API int cuMemPoolSetAttribute(void* pool, int, void*) { return pool == &s_context ? Ok : InvalidValue; }
API int cuMemPoolTrimTo(void* pool, size_t) { return pool == &s_context ? Ok : InvalidValue; }

API int cuMemHostAlloc(void** address, size_t bytes, unsigned)
{
    USABLE();
    if (bytes == 0) return InvalidValue;
    if (capture_forbids("cuMemHostAlloc")) return StreamCaptureUnsupported;
    return (*address = allocate(bytes, Place::Pinned)) ? Ok : OutOfMemory;
}
API int cuMemFreeHost(void* address)
{
    Lock lock(g_api);
    if (usable() == NotInitialized || usable() == InvalidContext) return usable();
    if (capture_forbids("cuMemFreeHost")) return StreamCaptureUnsupported;
    if (!settings().strict) run_all();
    s_reused.erase(reinterpret_cast<uintptr_t>(address));
    if (const auto wrong = release(reinterpret_cast<uintptr_t>(address), Place::Pinned); !wrong.empty())
    {
        report("cuMemFreeHost: " + wrong);
        return InvalidValue;
    }
    return sticky();
}

API int cuMemcpyHtoD_v2(void* target, const void* source, size_t bytes)
{
    USABLE();
    if (!device(target, bytes)) return InvalidValue;
    return synchronous(done_or_recorded([=] { return copy(target, source, bytes, "cuMemcpyHtoD"); }, "upload", bytes));
}
API int cuMemcpyDtoH_v2(void* target, const void* source, size_t bytes)
{
    USABLE();
    if (!device(source, bytes)) return InvalidValue;
    if (settings().record) std::memset(target, 0, bytes); // what the host reads of work that is not done
    return synchronous(done_or_recorded([=] { return copy(target, source, bytes, "cuMemcpyDtoH"); }, "download", bytes));
}
API int cuMemcpyHtoDAsync_v2(void* target, const void* source, size_t bytes, void* stream)
{
    USABLE();
    if (!device(target, bytes)) return InvalidValue;
    if (bytes == 0) return Ok;
    const auto s = stream_of(stream);
    if (!s) return InvalidHandle;
    if (s->capture && !pinned(source)) return captured(s->capture, "cuMemcpyHtoDAsync from pageable memory");
    if (s->capture && s_reused.count(start_of(reinterpret_cast<uintptr_t>(source))))
        return captured(s->capture, "cuMemcpyHtoDAsync from pinned memory that other copies use, too,");
    if (!s->capture && pinned(source)) s_reused.insert(start_of(reinterpret_cast<uintptr_t>(source)));
    if (settings().record) return asynchronous(stream, recorded("upload\t" + std::to_string(bytes)));
    if (pinned(source)) return asynchronous(stream, [=] { return copy(target, source, bytes, "cuMemcpyHtoDAsync"); });
    // Pageable memory is staged before the call returns.
    auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(source), static_cast<const char*>(source) + bytes);
    return asynchronous(stream, [=] { return copy(target, staged->data(), bytes, "cuMemcpyHtoDAsync"); });
}
API int cuMemcpyDtoHAsync_v2(void* target, const void* source, size_t bytes, void* stream)
{
    USABLE();
    if (!device(source, bytes)) return InvalidValue;
    if (bytes == 0) return Ok;
    const auto s = stream_of(stream);
    if (!s) return InvalidHandle;
    if (settings().record) std::memset(target, 0, bytes);
    if (const int result =
            asynchronous(stream, done_or_recorded([=] { return copy(target, source, bytes, "cuMemcpyDtoHAsync"); }, "download", bytes)))
        return result;
    // To pageable memory the real call returns when the copy is done.
    if (!pinned(target) && !s->capture) run_until(tail(s));
    return sticky();
}
API int cuMemcpyDtoDAsync_v2(void* target, const void* source, size_t bytes, void* stream)
{
    USABLE();
    if (!device(target, bytes) || !device(source, bytes)) return InvalidValue;
    return asynchronous(stream, done_or_recorded([=] { return copy(target, source, bytes, "cuMemcpyDtoDAsync"); }, "copy", bytes));
}
API int cuMemsetD8Async(uint8_t* target, unsigned char value, size_t count, void* stream) { return fill(target, value, count, stream); }

API int cuModuleLoadDataEx(void** module, const void* bytes, unsigned options, const int* names, void** values)
{
    USABLE();
    if (capture_forbids("cuModuleLoadData")) return StreamCaptureUnsupported;
    std::string why;
    Image* image = load_image(bytes, why);
    if (!image)
    {
        report("module: " + why);
        for (unsigned i = 0; i < options; i++)
            if (names[i] == 5 && values[i]) // error log buffer; its size is the option beside it
                for (unsigned j = 0; j < options; j++)
                    if (names[j] == 6) std::snprintf(static_cast<char*>(values[i]), reinterpret_cast<size_t>(values[j]), "%s", why.c_str());
        return InvalidImage;
    }
    if (image->architecture > static_cast<int>(settings().capability))
    {
        unload(image);
        return NoBinaryForGpu;
    }
    auto* m = new Module{ image, {} };
    s_modules.insert(m);
    *module = m;
    return Ok;
}
API int cuModuleLoadData(void** module, const void* bytes) { return cuModuleLoadDataEx(module, bytes, 0, nullptr, nullptr); }
API int cuModuleUnload(Module* module)
{
    Lock lock(g_api);
    if (!s_modules.erase(module)) return InvalidHandle;
    if (!idle()) run_all(); // queued launches hold the code
    for (auto& [name, function] : module->functions) s_functions.erase(function.get());
    unload(module->image);
    delete module;
    return Ok;
}
API int cuModuleGetFunction(void** function, Module* module, const char* name)
{
    USABLE();
    if (!s_modules.count(module)) return InvalidHandle;
    const Entry* entry = module->image->find(name);
    if (!entry) return NotFound;
    auto& slot = module->functions[name];
    if (!slot) slot = std::make_unique<Function>(Function{ module->image, entry, name });
    s_functions.insert(slot.get());
    *function = slot.get();
    return Ok;
}
API int cuFuncSetAttribute(Function* function, int attribute, int value)
{
    USABLE();
    if (!s_functions.count(function)) return InvalidHandle;
    if (attribute == 8)
    {
        if (value < 0 || value > static_cast<int>(MaxSharedBytes)) return InvalidValue;
        function->dynamic_limit = value;
        return Ok;
    }
    return attribute == 9 ? Ok : InvalidValue; // 9: preferred carve-out, a hint
}
API int cuLaunchKernel(Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned dynamic,
    void* stream, void** parameters, void** extra)
{
    USABLE();
    if (!s_functions.count(function)) return InvalidHandle;
    if (extra) { report("cuLaunchKernel: `extra` is not implemented"); return InvalidValue; }
    if (!gx || !gy || !gz || !bx || !by || !bz || gx > 2147483647u || gy > 65535 || gz > 65535 || bx > 1024 || by > 1024 || bz > 64
        || uint64_t{ bx } * by * bz > 1024)
        return InvalidValue;
    if (bx * by * bz > function->entry->max_threads) return LaunchOutOfResources;
    if (static_cast<int>(dynamic) > function->dynamic_limit) return InvalidValue;
    if (settings().record)
    {
        const unsigned shape[] = { gx, gy, gz, bx, by, bz };
        return asynchronous(stream, recorded(line_of(*function, shape, dynamic, parameters)));
    }
    // Values are copied now: the caller's may change as soon as the call returns.
    auto values = std::make_shared<std::vector<std::vector<char>>>();
    for (unsigned i = 0; i < function->entry->parameters; i++)
    {
        const auto* value = static_cast<const char*>(parameters[i]);
        values->emplace_back(value, value + function->entry->parameter_bytes[i]);
    }
    return asynchronous(stream, [=, image = function->image, run = function->entry->run, name = function->name] {
        std::vector<void*> pointers;
        for (auto& value : *values) pointers.push_back(value.data());
        return execute({ image, name.c_str(), run, pointers.data(), { gx, gy, gz }, { bx, by, bz }, dynamic });
    });
}

API int cuStreamCreateWithPriority(void** stream, unsigned flags, int)
{
    USABLE();
    if (flags > 1) return InvalidValue;
    *stream = add_stream(flags == 0);
    return Ok;
}
API int cuStreamCreate(void** stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }
API int cuStreamDestroy_v2(void* stream)
{
    Lock lock(g_api);
    return remove_stream(stream) ? Ok : InvalidHandle;
}
API int cuStreamSynchronize(void* stream)
{
    USABLE();
    const auto s = stream_of(stream);
    if (!s) return InvalidHandle;
    if (s->capture) return captured(s->capture, "cuStreamSynchronize");
    if (capture_forbids("cuStreamSynchronize")) return StreamCaptureUnsupported;
    run_until(tail(s));
    return sticky();
}
API int cuStreamQuery(void* stream)
{
    USABLE();
    const auto s = stream_of(stream);
    if (!s) return InvalidHandle;
    if (s->capture) return captured(s->capture, "cuStreamQuery");
    if (capture_forbids("cuStreamQuery")) return StreamCaptureUnsupported;
    if (tail(s).done()) return Ok;
    run_one(tail(s)); // whoever polls sees progress
    return sticky() ? sticky() : NotReady;
}
API int cuStreamWaitEvent(void* stream, void* handle, unsigned)
{
    USABLE();
    const auto s = stream_of(stream);
    const auto found = s_events.find(handle);
    if (!s || found == s_events.end()) return InvalidHandle;
    const Event& event = *found->second;
    if (event.capture)
    {
        if (s->capture && s->capture != event.capture) return StreamCaptureUnsupported;
        if (!s->capture)
        {
            s->capture = event.capture;
            s->capture_tail.clear();
            event.capture->joined.push_back(s);
        }
        s->capture_tail.insert(s->capture_tail.end(), event.nodes.begin(), event.nodes.end());
        return Ok;
    }
    if (s->capture) return captured(s->capture, "cuStreamWaitEvent for an event of other work");
    if (event.recorded && !event.point.done()) s->after_next.push_back(event.point);
    return Ok;
}

API int cuEventCreate(void** event, unsigned flags)
{
    USABLE();
    auto e = std::make_shared<Event>();
    e->timing = !(flags & 2);
    *event = e.get();
    s_events[e.get()] = std::move(e);
    return Ok;
}
API int cuEventDestroy_v2(void* event)
{
    Lock lock(g_api);
    return s_events.erase(event) ? Ok : InvalidHandle;
}
API int cuEventRecord(void* handle, void* stream)
{
    USABLE();
    const auto s = stream_of(stream);
    const auto found = s_events.find(handle);
    if (!s || found == s_events.end()) return InvalidHandle;
    Event& event = *found->second;
    event.capture = s->capture;
    if (s->capture)
    {
        event.nodes = s->capture_tail;
        return Ok;
    }
    submit(s, [event = found->second, s = s.get()] {
        event->microseconds = s->microseconds;
        return Failure{};
    }, 0);
    event.point = tail(s);
    event.recorded = true;
    return Ok;
}
API int cuEventSynchronize(void* handle)
{
    USABLE();
    const auto found = s_events.find(handle);
    if (found == s_events.end()) return InvalidHandle;
    if (found->second->capture) return captured(found->second->capture, "cuEventSynchronize");
    if (capture_forbids("cuEventSynchronize")) return StreamCaptureUnsupported;
    if (found->second->recorded) run_until(found->second->point);
    return sticky();
}
API int cuEventQuery(void* handle)
{
    USABLE();
    const auto found = s_events.find(handle);
    if (found == s_events.end()) return InvalidHandle;
    if (found->second->capture) return captured(found->second->capture, "cuEventQuery");
    if (capture_forbids("cuEventQuery")) return StreamCaptureUnsupported;
    if (!found->second->recorded || found->second->point.done()) return Ok;
    run_one(found->second->point);
    return sticky() ? sticky() : NotReady;
}
API int cuEventElapsedTime(float* milliseconds, void* start, void* end)
{
    USABLE();
    const auto a = s_events.find(start), b = s_events.find(end);
    if (a == s_events.end() || b == s_events.end()) return InvalidHandle;
    if (!a->second->timing || !b->second->timing || !a->second->recorded || !b->second->recorded) return InvalidHandle;
    if (!a->second->point.done() || !b->second->point.done()) return NotReady;
    *milliseconds = static_cast<float>(std::max(1.0, b->second->microseconds - a->second->microseconds) / 1000);
    return Ok;
}

API int cuStreamBeginCapture_v2(void* stream, int mode)
{
    USABLE();
    const auto s = stream_of(stream);
    if (!s || mode < 0 || mode > 2) return s ? InvalidValue : InvalidHandle;
    if (s->legacy || s->capture) return StreamCaptureUnsupported;
    s->capture = std::make_shared<Graph>();
    s->capture->origin = s;
    s->capture->mode = mode;
    s->capture->owner = std::this_thread::get_id();
    s->capture_tail.clear();
    s_capturing.push_back(s->capture);
    return Ok;
}
API int cuStreamEndCapture(void* stream, void** graph)
{
    USABLE();
    const auto s = stream_of(stream);
    if (!s) return InvalidHandle;
    *graph = nullptr;
    const auto captured = s->capture;
    if (!captured || captured->origin != s || (captured->mode == 1 && captured->owner != std::this_thread::get_id()))
        return StreamCaptureUnmatched;
    // Every node of a joined stream must lead back to the stream that began.
    std::vector<bool> reached(captured->nodes.size());
    std::vector<size_t> open = s->capture_tail;
    while (!open.empty())
    {
        const size_t n = open.back();
        open.pop_back();
        if (reached[n]) continue;
        reached[n] = true;
        open.insert(open.end(), captured->nodes[n].after.begin(), captured->nodes[n].after.end());
    }
    const bool joined = std::all_of(reached.begin(), reached.end(), [](bool r) { return r; });
    s->capture = nullptr;
    for (auto& other : captured->joined) other->capture = nullptr;
    captured->joined.clear();
    captured->origin = nullptr;
    s_capturing.erase(std::find(s_capturing.begin(), s_capturing.end(), captured));
    if (captured->invalid) return StreamCaptureInvalidated;
    if (!joined) return StreamCaptureUnjoined;
    s_graphs[captured.get()] = captured;
    *graph = captured.get();
    return Ok;
}
API int cuStreamIsCapturing(void* stream, int* status)
{
    USABLE();
    const auto s = stream_of(stream);
    if (!s) return InvalidHandle;
    *status = !s->capture ? 0 : s->capture->invalid ? 2 : 1;
    return Ok;
}
API int cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long)
{
    USABLE();
    const auto found = s_graphs.find(graph);
    if (found == s_graphs.end()) return InvalidHandle;
    auto e = std::make_unique<GraphExecutable>(GraphExecutable{ std::make_shared<Graph>(*found->second) });
    *executable = e.get();
    s_executables[e.get()] = std::move(e);
    return Ok;
}
API int cuGraphLaunch(void* executable, void* stream)
{
    USABLE();
    const auto found = s_executables.find(executable);
    if (found == s_executables.end()) return InvalidHandle;
    return asynchronous(stream, [graph = found->second->graph] { return graph->run(); });
}
API int cuGraphExecDestroy(void* executable)
{
    Lock lock(g_api);
    return s_executables.erase(executable) ? Ok : InvalidHandle;
}
API int cuGraphDestroy(void* graph)
{
    Lock lock(g_api);
    return s_graphs.erase(graph) ? Ok : InvalidHandle;
}

// What tests and the other look-alike libraries call.
API bool nr_emu_configure(const char* name, const char* value)
{
    Lock lock(g_api);
    return configure(name, value);
}
API const char* nr_emu_last_report()
{
    Lock lock(g_api);
    static thread_local std::string text;
    text = last_report();
    return text.c_str();
}
API void nr_emu_forget_report()
{
    Lock lock(g_api);
    forget_report();
}
// A fresh device: whatever the last test left behind is gone, its sticky error too.
API void nr_emu_reset()
{
    Lock lock(g_api);
    clear_context();
    leaks(Place::Device);
    leaks(Place::Pinned);
    s_capturing.clear();
    s_events.clear();
    s_graphs.clear();
    s_executables.clear();
    forget_report();
}
// Of the launches that were counted since the last call of nr_emu_forget_counters: how many, and the i-th one's counts, name and
// shape: grid, block, dynamic shared bytes.
API int nr_emu_counted()
{
    Lock lock(g_api);
    return static_cast<int>(counted().size());
}
API const char* nr_emu_counters(int launch, Counters* counters, uint32_t* shape)
{
    Lock lock(g_api);
    if (launch < 0 || launch >= static_cast<int>(counted().size())) return nullptr;
    const Counted& c = counted()[static_cast<size_t>(launch)];
    *counters = c.counters;
    std::copy_n(c.grid, 3, shape);
    std::copy_n(c.block, 3, shape + 3);
    shape[6] = static_cast<uint32_t>(c.dynamic_bytes);
    return c.kernel.c_str();
}
// Where the i-th launch asks for more than it needs, dearest first; valid until the next call.
API const char* nr_emu_dear_sites(int launch)
{
    Lock lock(g_api);
    static thread_local std::string text;
    text = launch < 0 || launch >= static_cast<int>(counted().size()) ? "" : counted()[static_cast<size_t>(launch)].dear_sites();
    return text.c_str();
}
API void nr_emu_forget_counters()
{
    Lock lock(g_api);
    counted().clear();
}
// Under NR_EMU_RECORD: a line that a library writes down in its stream's turn, and the lines since they were last taken.
API bool nr_emu_recording() { return settings().record; }
API bool nr_emu_record(void* stream, const char* line)
{
    Lock lock(g_api);
    return asynchronous(stream, recorded(line)) == Ok;
}
API const char* nr_emu_take_records()
{
    Lock lock(g_api);
    static thread_local std::string text;
    text.clear();
    for (const auto& line : s_records) text += line + '\n';
    s_records.clear();
    return text.c_str();
}
API bool nr_emu_enqueue(void* stream, const char* (*work)(void*), void* state, void (*drop)(void*), float microseconds)
{
    Lock lock(g_api);
    std::shared_ptr<void> held(state, drop);
    return asynchronous(stream, [=]() -> Failure {
        const char* wrong = work(held.get());
        if (!wrong) return {};
        return { std::strstr(wrong, "uninitialised") ? LaunchFailed : IllegalAddress, wrong };
    }, microseconds) == Ok;
}
API const char* nr_emu_examine(const void* address, size_t bytes, bool write)
{
    static thread_local std::string text;
    text = examine(reinterpret_cast<uintptr_t>(address), bytes, write);
    return text.empty() ? nullptr : text.c_str();
}
API void nr_emu_written(void* address, size_t bytes) { mark_initialised(reinterpret_cast<uintptr_t>(address), bytes); }
API bool nr_emu_is_device_memory(const void* address) { return is_live(reinterpret_cast<uintptr_t>(address), Place::Device); }
API void nr_emu_report(const char* text) { report(text); }
API bool nr_emu_strict() { return settings().strict; }
API int nr_emu_capability() { return static_cast<int>(settings().capability); }
API bool nr_emu_bias_gradients() { return settings().bias_gradients; }
API int nr_emu_wrong_filter_gradient() { return settings().wrong_filter_gradient; }
API bool nr_emu_random_order() { return settings().order == Order::Random; }
API bool nr_emu_forward_order() { return settings().order == Order::Forward; }
API int nr_emu_unimplemented(const char* name)
{
    report(std::string(name) + " is not implemented by the emulator");
    return NotSupported;
}
