#include "execution.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <numeric>
#include <sys/mman.h>
#include <thread>

#include "module.h"

#if !defined(__x86_64__)
#error "the emulator switches fibers by x86-64 code: build it on an x86-64 machine"
#endif

// Saves the callee-saved registers on the current stack, stores its pointer in *save, and goes on where `to` was saved.
extern "C" void nr_emu_switch(void** save, void* to);
asm(R"(
.text
.hidden nr_emu_switch
.globl nr_emu_switch
.type nr_emu_switch,@function
nr_emu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size nr_emu_switch,.-nr_emu_switch
)");

namespace nr_emu {

thread_local Worker* t_worker __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

std::atomic<uint32_t> s_launches{ 0 };

[[noreturn]] void fiber();

int pick(Worker& w, uint32_t set)
{
    switch (settings().order)
    {
    case Order::Forward: return __builtin_ctz(set);
    case Order::Reverse: return 31 - __builtin_clz(set);
    default:
        for (unsigned skip = w.random.below(static_cast<unsigned>(__builtin_popcount(set))); skip > 0; skip--) set &= set - 1;
        return __builtin_ctz(set);
    }
}

// A lane that can go on: of the same warp while it has one, except in random order.
Lane* next(Worker& w, unsigned warp)
{
    if (!w.warps_ready) return nullptr;
    if (!w.ready[warp] || settings().order == Order::Random) warp = static_cast<unsigned>(pick(w, w.warps_ready));
    return &w.lanes[warp * 32 + static_cast<unsigned>(pick(w, w.ready[warp]))];
}

void make_ready(Worker& w, unsigned warp, uint32_t lanes)
{
    w.ready[warp] |= lanes;
    if (w.ready[warp]) w.warps_ready |= 1u << warp;
}

void make_unready(Worker& w, const Lane& lane)
{
    const unsigned warp = lane.index / 32;
    w.ready[warp] &= ~(1u << (lane.index % 32));
    if (!w.ready[warp]) w.warps_ready &= ~(1u << warp);
}

void enter(Worker& w, void** save, Lane& lane)
{
    if (!lane.stack_pointer)
    {
        lane.stack = w.free_stacks.back();
        w.free_stacks.pop_back();
        // As if fiber() had been called: the six saved registers, its address, and a null return address that aligns the stack.
        // Each stack begins at another line of the caches: at one distance from each other all of them would share a few.
        const size_t slot = (reinterpret_cast<uintptr_t>(lane.stack) - w.stacks) / StackBytes;
        void** top = reinterpret_cast<void**>(lane.stack + StackBytes - slot * 7 % 512 * 64) - 8;
        std::memset(top, 0, 8 * sizeof *top);
        top[6] = reinterpret_cast<void*>(&fiber);
        lane.stack_pointer = top;
    }
    w.lane = &lane;
    nr_emu_switch(save, lane.stack_pointer);
}

void leave_to_caller(Worker& w)
{
    void* abandoned;
    nr_emu_switch(&abandoned, w.caller);
    __builtin_unreachable();
}

void wait_for_turn(Worker& w)
{
    Lane& me = *w.lane;
    Lane* other = next(w, me.index / 32);
    if (other == &me) return;
    if (!other)
        fail(LaunchFailed, "deadlock: every thread of the block waits at a barrier or a warp collective that cannot complete", nullptr);
    enter(w, &me.stack_pointer, *other);
    w.lane = &me;
}

// The 16 x 8 product of a warp's fragments: A by rows, B by columns, sums in the order of k.
template <int K, class A, class B> void mma(Lane* warp, A a, B b)
{
    float right[K][8];
    for (int k = 0; k < K; k++)
        for (int column = 0; column < 8; column++) right[k][column] = b(k, column);
    for (int row = 0; row < 16; row++)
    {
        float sums[8];
        auto sum = [&](int column) -> float& {
            return static_cast<float*>(const_cast<void*>(warp[row % 8 * 4 + column / 2].fragments[0]))[(row >= 8 ? 2 : 0) + column % 2];
        };
        for (int column = 0; column < 8; column++) sums[column] = sum(column);
        for (int k = 0; k < K; k++)
        {
            const float left = a(row, k);
            for (int column = 0; column < 8; column++) sums[column] += left * right[k][column];
        }
        for (int column = 0; column < 8; column++) sum(column) = sums[column];
    }
}

void mma_bf16(Lane* warp)
{
    auto bf16 = [](unsigned pair, int half) {
        const unsigned word = half ? pair & 0xffff0000u : pair << 16;
        float value;
        std::memcpy(&value, &word, 4);
        return value;
    };
    auto a = [&](int row, int k) {
        const auto* registers = static_cast<const unsigned*>(warp[row % 8 * 4 + k % 8 / 2].fragments[1]);
        return bf16(registers[(row >= 8 ? 1 : 0) + (k >= 8 ? 2 : 0)], k % 2);
    };
    auto b = [&](int k, int column) {
        const auto* registers = static_cast<const unsigned*>(warp[column * 4 + k % 8 / 2].fragments[2]);
        return bf16(registers[k >= 8 ? 1 : 0], k % 2);
    };
    mma<16>(warp, a, b);
}

// TF32: the tensor cores read sign, exponent and the upper ten bits of the significand.
void mma_tf32(Lane* warp)
{
    auto value = [](const void* fragment, int place) {
        const unsigned word = static_cast<const unsigned*>(fragment)[place] & 0xffffe000u;
        float number;
        std::memcpy(&number, &word, 4);
        return number;
    };
    auto a = [&](int row, int k) { return value(warp[row % 8 * 4 + k % 4].fragments[1], (row >= 8 ? 1 : 0) + (k >= 4 ? 2 : 0)); };
    auto b = [&](int k, int column) { return value(warp[column * 4 + k % 4].fragments[2], k >= 4 ? 1 : 0); };
    mma<8>(warp, a, b);
}

// Completes the collective that these lanes wait for, once all of its lanes are there.
void try_meeting(Worker& w, unsigned warp, uint32_t mask)
{
    mask &= w.launched[warp];
    if ((w.waiting[warp] & mask) != mask) return;
    Lane* lanes = &w.lanes[warp * 32];
    const Lane& first = lanes[__builtin_ctz(mask)];
    uint32_t ballot = 0;
    for (uint32_t m = mask; m; m &= m - 1)
    {
        const Lane& lane = lanes[__builtin_ctz(m)];
        if (lane.meeting != first.meeting || lane.mask != first.mask)
            fail(LaunchFailed, "lanes of a warp meet in different collectives or with different masks", nullptr);
        if (lane.value) ballot |= 1u << (lane.index % 32);
    }
    switch (first.meeting)
    {
    case Meeting::Shuffle:
        for (uint32_t m = mask; m; m &= m - 1)
        {
            Lane& lane = lanes[__builtin_ctz(m)];
            if (!(mask >> lane.source & 1))
                fail(LaunchFailed,
                    "a shuffle reads lane " + std::to_string(lane.source) + ", which is outside its mask or was not launched", nullptr);
            lane.result = lanes[lane.source].value;
        }
        break;
    case Meeting::Ballot:
        for (uint32_t m = mask; m; m &= m - 1) lanes[__builtin_ctz(m)].result = ballot;
        break;
    case Meeting::MmaBf16: mma_bf16(lanes); break;
    case Meeting::MmaTf32: mma_tf32(lanes); break;
    case Meeting::Barrier: w.warp_clock[warp] = ++w.clock; break;
    }
    if (w.counting)
    {
        if (first.meeting == Meeting::MmaBf16 || first.meeting == Meeting::MmaTf32) w.counter.mma();
        if (mask == w.launched[warp]) w.counter.met(warp);
    }
    w.waiting[warp] &= ~mask;
    make_ready(w, warp, mask);
}

uint64_t meet(Meeting meeting, uint32_t mask, uint64_t value, int source)
{
    Worker& w = *t_worker;
    Lane& me = *w.lane;
    const unsigned warp = me.index / 32, lane = me.index % 32;
    if (!(mask >> lane & 1)) fail(LaunchFailed, "a lane calls a warp collective whose mask lacks it", nullptr);
    if (mask & w.launched[warp] & ~w.living[warp]) fail(LaunchFailed, "a warp collective names lanes that have exited", nullptr);
    me.meeting = meeting;
    me.mask = mask;
    me.value = value;
    me.source = source;
    w.waiting[warp] |= 1u << lane;
    make_unready(w, me);
    try_meeting(w, warp, mask);
    wait_for_turn(w);
    return me.result;
}

// A fiber's whole life; when its thread is done the stack goes to one that has not started.
// Every lane of the warp waits at a barrier or is done.
bool rests(const Worker& w, unsigned warp) { return !w.ready[warp] && !w.waiting[warp]; }

void fiber()
{
    Worker& w = *t_worker;
    w.launch->run(w.launch->parameters);
    Lane& me = *w.lane;
    const unsigned warp = me.index / 32;
    if (!me.copies.empty() && settings().strict)
        fail(LaunchFailed, "a thread exits with asynchronous copies that it never waited for", nullptr);
    make_unready(w, me);
    if (w.counting && rests(w, warp)) w.counter.met(warp);
    w.living[warp] &= ~(1u << (me.index % 32));
    w.alive--;
    if (w.at_barrier)
        fail(LaunchFailed,
            "a thread exits while others of its block wait in __syncthreads() at " + std::string(w.barrier_file) + ":"
                + std::to_string(w.barrier_line),
            nullptr);
    for (uint32_t waiting = w.waiting[warp]; waiting; waiting &= waiting - 1)
        if (w.lanes[warp * 32 + static_cast<unsigned>(__builtin_ctz(waiting))].mask >> (me.index % 32) & 1)
            fail(LaunchFailed, "a thread exits while others of its warp wait for it in a collective", nullptr);
    w.free_stacks.push_back(me.stack);
    me.stack = nullptr;
    if (!w.alive) leave_to_caller(w);
    Lane* other = next(w, warp);
    if (!other) fail(LaunchFailed, "deadlock: a thread exits and every other one waits", nullptr);
    void* abandoned;
    enter(w, &abandoned, *other);
    __builtin_unreachable();
}

} // namespace

Worker::Worker() : lanes(MaxThreads)
{
    const size_t bytes = StackBytes * MaxThreads;
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) std::abort();
    stacks = reinterpret_cast<uintptr_t>(p);
    for (unsigned i = MaxThreads; i-- > 0;) free_stacks.push_back(static_cast<char*>(p) + i * StackBytes);
    dynamic = reinterpret_cast<uintptr_t>(std::aligned_alloc(1024, MaxSharedBytes));
}

Worker::~Worker()
{
    munmap(reinterpret_cast<void*>(stacks), StackBytes * MaxThreads);
    std::free(reinterpret_cast<void*>(dynamic));
}

void Worker::run_block()
{
    const Extent size = launch->block;
    threads = alive = size.x * size.y * size.z;
    at_barrier = 0;
    warps_ready = 0;
    if (clock > 0xf0000000u)
    {
        std::fill(cells.begin(), cells.end(), SharedCell{});
        std::fill(mixed.begin(), mixed.end(), uint8_t{ 0 });
        clock = 1;
    }
    block_start = block_clock = ++clock;
    for (unsigned i = 0; i < threads; i++)
    {
        Lane& l = lanes[i];
        l.stack_pointer = nullptr;
        l.stack = nullptr;
        l.thread = { i % size.x, i / size.x % size.y, i / (size.x * size.y) };
        l.index = i;
        l.group = 0;
        l.copies.clear();
    }
    for (unsigned warp = 0; warp * 32 < threads; warp++)
    {
        // The last warp of a block may be partial.
        const unsigned count = threads - warp * 32;
        launched[warp] = living[warp] = count >= 32 ? ~0u : (1u << count) - 1;
        ready[warp] = waiting[warp] = 0;
        warp_clock[warp] = block_clock;
        make_ready(*this, warp, launched[warp]);
    }
    // Poison: NaN in every float that the block has not written.
    std::memset(reinterpret_cast<void*>(dynamic), 0xff, dynamic_bytes);
    std::memset(reinterpret_cast<void*>(fixed), 0xff, fixed_bytes);
    enter(*this, &caller, *next(*this, settings().order == Order::Reverse ? (threads - 1) / 32 : 0));
    for (unsigned i = 0; i < threads; i++)
        if (lanes[i].stack) free_stacks.push_back(lanes[i].stack);
}

void fail(Outcome outcome, const std::string& what, const void* pc)
{
    Worker& w = *t_worker;
    const Launch& l = *w.launch;
    char place[256];
    std::snprintf(place, sizeof place, " [kernel %s, block (%u, %u, %u), thread (%u, %u, %u)", l.kernel, w.block.x, w.block.y, w.block.z,
        w.lane->thread.x, w.lane->thread.y, w.lane->thread.z);
    w.failure = { outcome, what + place + (pc ? ", " + l.image->line_of(pc) : "") + "]" };
    leave_to_caller(w);
    __builtin_unreachable();
}

Failure execute(const Launch& launch)
{
    static std::mutex one_at_a_time;
    static std::vector<std::unique_ptr<Worker>> workers;
    std::lock_guard lock(one_at_a_time);

    const uint64_t blocks = uint64_t{ launch.grid.x } * launch.grid.y * launch.grid.z;
    const uint32_t number = ++s_launches;
    const size_t count = blocks < 8 ? 1 : std::min<uint64_t>(settings().workers, blocks);
    while (workers.size() < count) workers.push_back(std::make_unique<Worker>());

    std::atomic<uint64_t> taken{ 0 };
    std::atomic<bool> failed{ false };
    // Blocks in random order: a multiplier coprime to their number visits each once.
    Random random{ settings().seed + number };
    uint64_t step = 1, first = 0;
    if (settings().order == Order::Random && blocks > 1)
    {
        first = random.next() % blocks;
        do step = random.next() % blocks;
        while (std::gcd(step, blocks) != 1);
    }

    auto work = [&](Worker& w, unsigned which) {
        t_worker = &w;
        w.launch = &launch;
        w.launch_number = number;
        w.failure = {};
        w.random.state = settings().seed * 0x9E37u + number * 31u + which;
        const auto [fixed, fixed_bytes] = launch.image->thread_storage();
        w.fixed = fixed;
        w.fixed_bytes = fixed_bytes;
        w.dynamic_bytes = launch.dynamic_bytes;
        w.counting = settings().count;
        if (w.counting) w.counter.begin(number);
        if (const size_t words = (MaxSharedBytes + fixed_bytes + 3) / 4; w.mixed.size() < words)
        {
            w.mixed.resize(words);
            w.cells.resize(4 * words);
        }
        for (uint64_t i; !failed && (i = taken++) < blocks;)
        {
            const uint64_t block = settings().order == Order::Forward ? i
                : settings().order == Order::Reverse ? blocks - 1 - i
                : static_cast<uint64_t>((static_cast<unsigned __int128>(i) * step + first) % blocks);
            w.block_number = static_cast<uint32_t>(block);
            w.block = { static_cast<unsigned>(block % launch.grid.x), static_cast<unsigned>(block / launch.grid.x % launch.grid.y),
                        static_cast<unsigned>(block / (uint64_t{ launch.grid.x } * launch.grid.y)) };
            w.run_block();
            if (w.failure.outcome != Success) failed = true;
        }
        t_worker = nullptr;
    };

    std::vector<std::thread> threads;
    for (unsigned i = 1; i < count; i++) threads.emplace_back(work, std::ref(*workers[i]), i);
    work(*workers[0], 0);
    for (auto& thread : threads) thread.join();
    if (settings().count)
    {
        Counted launched{launch.kernel, launch.image, { launch.grid.x, launch.grid.y, launch.grid.z },
            { launch.block.x, launch.block.y, launch.block.z }, launch.dynamic_bytes, {}, {}};
        for (size_t i = 0; i < count; i++) workers[i]->counter.end(launched);
        counted().push_back(std::move(launched));
    }
    for (size_t i = 0; i < count; i++)
        if (workers[i]->failure.outcome != Success) return workers[i]->failure;
    return {};
}

} // namespace nr_emu

using namespace nr_emu;

#define DEVICE extern "C" __attribute__((visibility("default")))

DEVICE Extent nr_emu_thread_index() { return t_worker->lane->thread; }
DEVICE Extent nr_emu_block_index() { return t_worker->block; }
DEVICE Extent nr_emu_block_size() { return t_worker->launch->block; }
DEVICE Extent nr_emu_grid_size() { return t_worker->launch->grid; }
DEVICE void* nr_emu_dynamic_shared() { return reinterpret_cast<void*>(t_worker->dynamic); }
DEVICE unsigned nr_emu_lane() { return t_worker->lane->index % 32; }

DEVICE void nr_emu_barrier(const char* file, int line)
{
    Worker& w = *t_worker;
    Lane& me = *w.lane;
    if (!w.at_barrier)
    {
        w.barrier_file = file;
        w.barrier_line = line;
    }
    else if (w.barrier_line != line || std::strcmp(w.barrier_file, file) != 0)
        fail(LaunchFailed,
            "barrier divergence: threads of one block meet in __syncthreads() at " + std::string(w.barrier_file) + ":"
                + std::to_string(w.barrier_line) + " and at " + file + ":" + std::to_string(line),
            nullptr);
    if (w.alive != w.threads)
        fail(LaunchFailed,
            "__syncthreads() at " + std::string(file) + ":" + std::to_string(line) + " after some threads of the block have exited",
            nullptr);
    make_unready(w, me);
    if (const unsigned warp = me.index / 32; w.counting && rests(w, warp)) w.counter.met(warp);
    if (++w.at_barrier == w.alive)
    {
        w.at_barrier = 0;
        w.block_clock = ++w.clock;
        for (unsigned warp = 0; warp * 32 < w.threads; warp++)
        {
            w.warp_clock[warp] = w.block_clock;
            make_ready(w, warp, w.launched[warp]);
        }
    }
    wait_for_turn(w);
}

DEVICE void nr_emu_warp_barrier(unsigned mask) { meet(Meeting::Barrier, mask, 0, 0); }
DEVICE unsigned long long nr_emu_shuffle(unsigned mask, unsigned long long value, int source)
{
    return meet(Meeting::Shuffle, mask, value, source);
}
DEVICE unsigned nr_emu_ballot(unsigned mask, int predicate)
{
    return static_cast<unsigned>(meet(Meeting::Ballot, mask, predicate != 0, 0));
}

static void multiply(Meeting meeting, float* d, const unsigned* a, const unsigned* b)
{
    Lane& me = *t_worker->lane;
    me.fragments[0] = d;
    me.fragments[1] = a;
    me.fragments[2] = b;
    meet(meeting, ~0u, 0, 0);
}

DEVICE void nr_emu_mma_bf16(float* d, const unsigned* a, const unsigned* b) { multiply(Meeting::MmaBf16, d, a, b); }
DEVICE void nr_emu_mma_tf32(float* d, const unsigned* a, const unsigned* b) { multiply(Meeting::MmaTf32, d, a, b); }

DEVICE void nr_emu_copy_async(void* shared, const void* global, unsigned bytes)
{
    Worker& w = *t_worker;
    const void* pc = __builtin_return_address(0);
    const auto target = reinterpret_cast<uintptr_t>(shared), source = reinterpret_cast<uintptr_t>(global);
    if (target % bytes || source % bytes) fail(Misaligned, "misaligned asynchronous copy", pc);
    if (source - reinterpret_cast<uintptr_t>(w.dynamic) < MaxSharedBytes || source - w.fixed < w.fixed_bytes)
        fail(IllegalAddress, "asynchronous copy from an address that is not global memory", pc);
    access(source, bytes, false, false, pc);
    access(target, bytes, true, false, pc);
    // Until the wait the target holds nothing: whoever reads it meets uninitialised memory.
    const size_t cell = target - w.dynamic < w.dynamic_bytes ? target - w.dynamic : MaxSharedBytes + (target - w.fixed);
    for (unsigned i = 0; i < bytes; i++) w.cells[cell + i].write_clock = 0;
    std::memset(shared, 0xff, bytes);
    w.lane->copies.push_back({ shared, global, bytes, w.lane->group });
}

DEVICE void nr_emu_copy_async_commit() { t_worker->lane->group++; }

DEVICE void nr_emu_copy_async_wait(int pending)
{
    Worker& w = *t_worker;
    Lane& me = *w.lane;
    std::vector<PendingCopy> later;
    for (const auto& copy : me.copies)
    {
        if (copy.group + static_cast<unsigned>(pending) >= me.group)
        {
            later.push_back(copy);
            continue;
        }
        check_access(reinterpret_cast<uintptr_t>(copy.shared), copy.bytes, true, false, __builtin_return_address(0));
        std::memcpy(copy.shared, copy.global, copy.bytes);
    }
    me.copies = std::move(later);
}
