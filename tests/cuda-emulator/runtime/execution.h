// Runs a kernel's grid on the CPU: a block at a time on each worker thread, each of its threads a fiber that runs until a barrier or
// a warp collective. Every load and store is checked on the way (hooks.cpp).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "counters.h"
#include "settings.h"

namespace nr_emu {

constexpr unsigned MaxThreads = 1024, MaxWarps = 32;
constexpr size_t MaxSharedBytes = 232448; // 227 KB, as sm_90
constexpr size_t StackBytes = 128 * 1024;

struct Extent { unsigned x, y, z; };

struct Launch
{
    const Image* image;
    const char* kernel;
    void (*run)(void**);
    void** parameters;
    Extent grid, block;
    size_t dynamic_bytes;
};

// Result codes of the driver API that a launch can end with.
enum Outcome : int { Success = 0, IllegalAddress = 700, Misaligned = 716, LaunchFailed = 719 };

struct Failure
{
    Outcome outcome = Success;
    std::string text;
};

Failure execute(const Launch& launch);

// Last access to a byte of shared memory: when and by which thread of the block.
struct SharedCell
{
    uint32_t write_clock, read_clock;
    uint16_t write_lane, read_lane;
    bool operator==(const SharedCell&) const = default;
};

// Codes beside a thread's index in write_lane and read_lane.
constexpr uint16_t OfWarp = 0x8000, Anyone = 0xffff, Atomic = 0x4000;

enum class Meeting : uint8_t { Shuffle, Ballot, Barrier, MmaBf16, MmaTf32 };

struct PendingCopy
{
    void* shared;
    const void* global;
    unsigned bytes, group;
};

struct Lane
{
    void* stack_pointer = nullptr; // null: not started
    char* stack = nullptr;
    Extent thread{};
    unsigned index = 0;
    Meeting meeting{};
    uint32_t mask = 0;
    int source = 0;
    uint64_t value = 0, result = 0;
    const void* fragments[3] = {};
    unsigned group = 0;
    std::vector<PendingCopy> copies;
};

struct Worker
{
    Lane* lane = nullptr;
    const Launch* launch = nullptr;
    Extent block{};
    uint32_t block_number = 0, launch_number = 0;
    uintptr_t dynamic = 0, fixed = 0;   // addresses of this worker's shared memory: dynamic, and the module's thread_locals
    size_t dynamic_bytes = 0, fixed_bytes = 0;
    std::vector<SharedCell> cells;      // dynamic bytes first, then fixed ones
    std::vector<uint8_t> mixed;         // for each word of four cells: 0, the first stands for all
    uint32_t clock = 1, block_start = 1, block_clock = 1, warp_clock[MaxWarps] = {};
    unsigned threads = 0, alive = 0, at_barrier = 0;
    const char* barrier_file = nullptr;
    int barrier_line = 0;
    // Lanes of each warp: launched, not yet exited, able to go on, in a collective.
    uint32_t launched[MaxWarps] = {}, living[MaxWarps] = {}, ready[MaxWarps] = {}, waiting[MaxWarps] = {}, warps_ready = 0;
    std::vector<Lane> lanes;
    std::vector<char*> free_stacks;
    uintptr_t stacks = 0;               // all fibers' stacks, one after another
    void* caller = nullptr;
    Failure failure;
    Random random{ 1 };
    bool counting = false;
    WarpCounter counter;

    Worker();
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    void run_block();
};

// The worker of this OS thread while it runs a kernel.
extern thread_local Worker* t_worker __attribute__((tls_model("initial-exec")));

// Ends the launch: leaves the fiber for good. `pc`: where in the kernel, 0 for the barrier's own place.
[[noreturn]] void fail(Outcome outcome, const std::string& what, const void* pc);

// An access that a kernel makes: checked, and counted.
void access(uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc);
void check_access(uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc);

} // namespace nr_emu
