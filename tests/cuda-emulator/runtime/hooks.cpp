// What g++ calls for each load and store of a kernel (-fsanitize=thread) and for an index or a pointer that it finds wrong
// (-fsanitize=bounds,alignment).
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "execution.h"
#include "memory.h"
#include "module.h"

namespace nr_emu {

namespace {

// Whether an access by `lane` at `clock` and one by the current thread have no barrier between them.
inline bool concurrent(const Worker& w, uint32_t clock, uint16_t lane)
{
    const unsigned me = w.lane->index;
    if (lane == Anyone) return clock >= w.block_clock;
    if (lane & OfWarp) return clock >= ((lane & 31u) == me / 32 ? w.warp_clock[me / 32] : w.block_clock);
    const unsigned other = lane & 0x3ffu;
    if (other == me) return false;
    return clock >= (other / 32 == me / 32 ? w.warp_clock[me / 32] : w.block_clock);
}

// One code for the readers so far and the current thread.
inline uint16_t join_readers(const Worker& w, uint32_t clock, uint16_t readers)
{
    const unsigned me = w.lane->index;
    if (clock < w.block_clock) return static_cast<uint16_t>(me);
    if (readers == Anyone) return Anyone;
    const unsigned warp = readers & OfWarp ? readers & 31u : (readers & 0x3ffu) / 32;
    if (warp != me / 32) return Anyone;
    if (readers == me || clock < w.warp_clock[warp]) return static_cast<uint16_t>(me);
    return static_cast<uint16_t>(OfWarp | warp);
}

std::string thread_name(const Worker& w, uint16_t lane)
{
    if (lane == Anyone) return "threads of several warps";
    if (lane & OfWarp) return "threads of warp " + std::to_string(lane & 31);
    const auto t = w.lanes[lane & 0x3ff].thread;
    return "thread (" + std::to_string(t.x) + ", " + std::to_string(t.y) + ", " + std::to_string(t.z) + ")";
}

// Forgets what earlier launches did to a word. Blocks run on several OS threads: nobody may see the new number beside old masks.
void begin_launch(GlobalCell& c, uint32_t number)
{
    constexpr uint32_t Busy = ~0u;
    std::atomic_ref<uint32_t> launch(c.launch);
    for (uint32_t seen = launch.load(std::memory_order_acquire); seen != number; seen = launch.load(std::memory_order_acquire))
    {
        if (seen == Busy || !launch.compare_exchange_weak(seen, Busy, std::memory_order_acquire)) continue;
        c.write_block = c.read_block = c.write_clock = c.read_clock = 0;
        c.write_lane = c.read_lane = 0;
        c.write_mask = c.read_mask = 0;
        launch.store(number, std::memory_order_release);
    }
}

std::string bytes_at(const char* what, bool write, size_t bytes)
{
    return std::string(what) + (write ? " write" : " read") + " of " + std::to_string(bytes) + " bytes";
}

std::string shared_place(size_t cell)
{
    const bool fixed = cell >= MaxSharedBytes;
    return (fixed ? "static shared memory, byte " : "dynamic shared memory, byte ") + std::to_string(cell - (fixed ? MaxSharedBytes : 0));
}

} // namespace

#define COLD [[gnu::noinline, gnu::cold, noreturn]] static void

COLD uninitialised_shared(size_t cell, size_t bytes, const void* pc);
COLD shared_race(const Worker& w, size_t cell, size_t bytes, bool write, const char* other, uint16_t lane, const void* pc);
COLD wrong_state(uintptr_t address, size_t bytes, size_t at, bool write, const void* pc);
COLD global_race(const Worker& w, uintptr_t address, size_t bytes, bool write, const char* other, bool same_block, uint16_t lane,
                 uint32_t block, const void* pc);

// Checks an access to bytes that share a cell, and enters it there.
static inline void check_cell(Worker& w, SharedCell& c, size_t cell, size_t bytes, bool write, bool atomic, const void* pc)
{
    const auto me = static_cast<uint16_t>(w.lane->index);
    const auto writer = c.write_lane == Anyone ? Anyone : static_cast<uint16_t>(c.write_lane & ~Atomic);
    const bool written = c.write_clock >= w.block_start;
    if ((!write || atomic) && !written && settings().check_uninitialised) uninitialised_shared(cell, bytes, pc);
    if (settings().check_races)
    {
        const bool both_atomic = atomic && (c.write_lane == Anyone || c.write_lane & Atomic);
        if (written && !both_atomic && concurrent(w, c.write_clock, writer)) shared_race(w, cell, bytes, write, "write", writer, pc);
        if (write && c.read_clock >= w.block_start && concurrent(w, c.read_clock, c.read_lane))
            shared_race(w, cell, bytes, write, "read", c.read_lane, pc);
    }
    if (write)
    {
        const bool joins = written && c.write_clock >= w.block_clock && c.write_lane != (me | Atomic);
        c.write_lane = !atomic ? me : joins ? Anyone : static_cast<uint16_t>(me | Atomic);
        c.write_clock = w.clock;
    }
    else
    {
        c.read_lane = join_readers(w, c.read_clock, c.read_lane);
        c.read_clock = w.clock;
    }
}

static void check_shared(Worker& w, size_t cell, size_t bytes, bool write, bool atomic, const void* pc)
{
    for (const size_t end = cell + bytes; cell < end;)
    {
        SharedCell* const word = &w.cells[cell / 4 * 4];
        uint8_t& mixed = w.mixed[cell / 4];
        if (!mixed && cell % 4 == 0 && end - cell >= 4)
        {
            check_cell(w, *word, cell, bytes, write, atomic, pc);
            cell += 4;
            continue;
        }
        if (!mixed) std::fill_n(word + 1, 3, *word);
        do check_cell(w, w.cells[cell], cell, bytes, write, atomic, pc);
        while (++cell < end && cell % 4 != 0);
        mixed = !(word[0] == word[1] && word[0] == word[2] && word[0] == word[3]);
    }
}

// Inlined where the number of bytes is known.
[[gnu::always_inline]] static inline void check_global(Worker& w, uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc)
{
    const size_t offset = arena_offset(address);
    uint8_t* state = g_state + offset;
    for (size_t i = 0; i < bytes; i++)
    {
        uint32_t four = 0;
        if (i + 4 <= bytes) std::memcpy(&four, state + i, 4);
        if (four == 0x01010101u * Initialised)
        {
            i += 3; // by far the most accesses are of four bytes that hold values
            continue;
        }
        if (state[i] == Initialised) continue;
        const bool read = !write || atomic;
        if (state[i] != Uninitialised || (read && settings().check_uninitialised)) wrong_state(address, bytes, i, write, pc);
        if (write) state[i] = Initialised;
    }
    if (!settings().check_races) return;
    const auto me = static_cast<uint16_t>(w.lane->index);
    for (size_t i = 0; i < bytes;)
    {
        const size_t word = (offset + i) / 4, at = (offset + i) % 4, take = std::min(bytes - i, 4 - at);
        const auto mask = static_cast<uint8_t>(((1u << take) - 1) << at);
        GlobalCell& c = g_cells[word];
        begin_launch(c, w.launch_number);
        const auto race = [&](const char* other, bool same_block, uint16_t lane, uint32_t block) {
            global_race(w, address + i, bytes, write, other, same_block, lane, block, pc);
        };
        if (c.write_mask & mask && !(atomic && c.write_lane & Atomic))
        {
            const auto lane = c.write_lane == Anyone ? Anyone : static_cast<uint16_t>(c.write_lane & ~Atomic);
            if (c.write_block != w.block_number) race("write", false, lane, c.write_block);
            else if (concurrent(w, c.write_clock, lane)) race("write", true, lane, 0);
        }
        if (write && c.read_mask & mask)
        {
            if (c.read_block != w.block_number) race("read", false, c.read_lane, c.read_block);
            else if (concurrent(w, c.read_clock, c.read_lane)) race("read", true, c.read_lane, 0);
        }
        if (write)
        {
            const bool joins = atomic && c.write_mask & mask
                && (c.write_block != w.block_number || (c.write_lane != (me | Atomic) && c.write_clock >= w.block_clock));
            c.write_mask =
                c.write_mask && c.write_block == w.block_number && c.write_lane == me ? static_cast<uint8_t>(c.write_mask | mask) : mask;
            c.write_lane = !atomic ? me : joins ? Anyone : static_cast<uint16_t>(me | Atomic);
            c.write_block = joins && c.write_block != w.block_number ? ~0u : w.block_number;
            c.write_clock = w.clock;
        }
        else
        {
            const bool other_block = c.read_mask && c.read_block != w.block_number;
            c.read_lane = c.read_mask && !other_block ? join_readers(w, c.read_clock, c.read_lane) : me;
            c.read_block = other_block ? ~0u : w.block_number;
            c.read_mask |= mask;
            c.read_clock = w.clock;
        }
        i += take;
    }
}

[[gnu::noinline]] static void check_elsewhere(Worker& w, uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc)
{
    if (const size_t at = address - w.dynamic; at < MaxSharedBytes)
    {
        if (at + bytes > w.dynamic_bytes)
            fail(IllegalAddress,
                bytes_at("out-of-bounds", write, bytes) + " at byte " + std::to_string(at) + " of dynamic shared memory, which has "
                    + std::to_string(w.dynamic_bytes),
                pc);
        return check_shared(w, at, bytes, write, atomic, pc);
    }
    if (const size_t at = address - w.fixed; at < w.fixed_bytes) return check_shared(w, MaxSharedBytes + at, bytes, write, atomic, pc);
    if (const size_t at = address - w.stacks; at < StackBytes * MaxThreads)
    {
        if (address - reinterpret_cast<uintptr_t>(w.lane->stack) >= StackBytes)
            fail(IllegalAddress, bytes_at("another thread's local memory:", write, bytes), pc);
        return;
    }
    if (w.launch->image->contains(address)) return; // tables of constants
    char text[64];
    std::snprintf(text, sizeof text, " at %#zx, which is not device memory", address);
    fail(IllegalAddress, bytes_at("out-of-bounds", write, bytes) + text, pc);
}

void check_access(uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc)
{
    Worker& w = *t_worker;
    if (arena_offset(address) < ArenaBytes) check_global(w, address, bytes, write, atomic, pc);
    else check_elsewhere(w, address, bytes, write, atomic, pc);
}

void access(uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc)
{
    check_access(address, bytes, write, atomic, pc);
    if (t_worker->counting) t_worker->counter.access(*t_worker, address, bytes, write, atomic, pc);
}

COLD uninitialised_shared(size_t cell, size_t bytes, const void* pc)
{
    fail(LaunchFailed, bytes_at("uninitialised", false, bytes) + " from " + shared_place(cell), pc);
}

COLD shared_race(const Worker& w, size_t cell, size_t bytes, bool write, const char* other, uint16_t lane, const void* pc)
{
    fail(LaunchFailed, "data race: " + bytes_at("this", write, bytes) + " of " + shared_place(cell) + " and a " + other + " by "
             + thread_name(w, lane) + " have no barrier between them", pc);
}

COLD wrong_state(uintptr_t address, size_t bytes, size_t at, bool write, const void* pc)
{
    const uintptr_t place = address + at;
    if (g_state[arena_offset(place)] == Uninitialised)
        fail(LaunchFailed, bytes_at("uninitialised", false, bytes) + " from " + describe(place), pc);
    const char* what = was_freed(place) ? "use after free:" : "out-of-bounds";
    fail(IllegalAddress, bytes_at(what, write, bytes) + (write ? " to " : " from ") + describe(place), pc);
}

COLD global_race(const Worker& w, uintptr_t address, size_t bytes, bool write, const char* other, bool same_block, uint16_t lane,
                 uint32_t block, const void* pc)
{
    fail(LaunchFailed, "data race: " + bytes_at("this", write, bytes) + " of " + describe(address) + " and a " + other + " by "
             + (same_block ? thread_name(w, lane) + " of the same block have no barrier between them"
                   : block == ~0u ? "several blocks are not ordered"
                   : "block " + std::to_string(block) + " are not ordered"), pc);
}

} // namespace nr_emu

using namespace nr_emu;

#define HOOK extern "C" __attribute__((visibility("default")))
// With the check for global memory in place, because most accesses are to it.
[[gnu::always_inline]] static inline void access_of(uintptr_t address, size_t bytes, bool write, const void* pc)
{
    Worker& w = *t_worker;
    if (arena_offset(address) < ArenaBytes) check_global(w, address, bytes, write, false, pc);
    else check_elsewhere(w, address, bytes, write, false, pc);
    if (w.counting) w.counter.access(w, address, bytes, write, false, pc);
}

#define HOOKS(bytes)                                                                                                                       \
    HOOK void __tsan_read##bytes(void* p)                                                                                                  \
    {                                                                                                                                      \
        if (reinterpret_cast<uintptr_t>(p) % bytes) fail(Misaligned, "misaligned read of " #bytes " bytes", __builtin_return_address(0));  \
        access_of(reinterpret_cast<uintptr_t>(p), bytes, false, __builtin_return_address(0));                                              \
    }                                                                                                                                      \
    HOOK void __tsan_write##bytes(void* p)                                                                                                 \
    {                                                                                                                                      \
        if (reinterpret_cast<uintptr_t>(p) % bytes) fail(Misaligned, "misaligned write of " #bytes " bytes", __builtin_return_address(0)); \
        access_of(reinterpret_cast<uintptr_t>(p), bytes, true, __builtin_return_address(0));                                               \
    }                                                                                                                                      \
    HOOK void __tsan_unaligned_read##bytes(void* p)                                                                                        \
    {                                                                                                                                      \
        access(reinterpret_cast<uintptr_t>(p), bytes, false, false, __builtin_return_address(0));                                          \
    }                                                                                                                                      \
    HOOK void __tsan_unaligned_write##bytes(void* p)                                                                                       \
    {                                                                                                                                      \
        access(reinterpret_cast<uintptr_t>(p), bytes, true, false, __builtin_return_address(0));                                           \
    }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

HOOK void __tsan_init() {}
HOOK void __tsan_read_range(void* p, size_t bytes)
{
    access(reinterpret_cast<uintptr_t>(p), bytes, false, false, __builtin_return_address(0));
}
HOOK void __tsan_write_range(void* p, size_t bytes)
{
    access(reinterpret_cast<uintptr_t>(p), bytes, true, false, __builtin_return_address(0));
}

namespace {
// The head of what g++ passes to these handlers.
struct SourceLocation
{
    const char* file;
    uint32_t line, column;
};
std::string at(const SourceLocation* place) { return std::string(" at ") + place->file + ":" + std::to_string(place->line); }
} // namespace

HOOK void __ubsan_handle_type_mismatch_v1_abort(SourceLocation* place, void*)
{
    fail(Misaligned, "misaligned access" + at(place), __builtin_return_address(0));
}
HOOK void __ubsan_handle_out_of_bounds_abort(SourceLocation* place, void* index)
{
    fail(IllegalAddress, "index " + std::to_string(reinterpret_cast<intptr_t>(index)) + " is outside its array" + at(place),
        __builtin_return_address(0));
}
HOOK void __ubsan_handle_divrem_overflow_abort(SourceLocation* place, void*, void*)
{
    fail(LaunchFailed, "integer division by zero" + at(place), __builtin_return_address(0));
}

#define ATOMIC_CHECK(p) access(reinterpret_cast<uintptr_t>(p), sizeof *(p), true, true, __builtin_return_address(0))
HOOK float nr_emu_atomic_add_f32(float* p, float v)
{
    ATOMIC_CHECK(p);
    float old = *p, sum;
    do sum = old + v;
    while (!__atomic_compare_exchange(p, &old, &sum, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return old;
}
HOOK unsigned nr_emu_atomic_add_u32(unsigned* p, unsigned v) { ATOMIC_CHECK(p); return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
HOOK unsigned long long nr_emu_atomic_add_u64(unsigned long long* p, unsigned long long v)
{
    ATOMIC_CHECK(p);
    return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
}
HOOK unsigned nr_emu_atomic_exchange_u32(unsigned* p, unsigned v) { ATOMIC_CHECK(p); return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); }
HOOK unsigned nr_emu_atomic_or_u32(unsigned* p, unsigned v) { ATOMIC_CHECK(p); return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); }
HOOK unsigned nr_emu_atomic_cas_u32(unsigned* p, unsigned expected, unsigned v)
{
    ATOMIC_CHECK(p);
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
HOOK unsigned long long nr_emu_atomic_cas_u64(unsigned long long* p, unsigned long long expected, unsigned long long v)
{
    ATOMIC_CHECK(p);
    __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}
HOOK int nr_emu_atomic_max_i32(int* p, int v)
{
    ATOMIC_CHECK(p);
    int old = *p;
    while (old < v && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
    return old;
}
HOOK int nr_emu_atomic_min_i32(int* p, int v)
{
    ATOMIC_CHECK(p);
    int old = *p;
    while (old > v && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
    return old;
}

HOOK float nr_emu_sinpif(float v) { return static_cast<float>(std::sin(M_PI * std::fmod(static_cast<double>(v), 2.0))); }
HOOK float nr_emu_cospif(float v) { return static_cast<float>(std::cos(M_PI * std::fmod(static_cast<double>(v), 2.0))); }
