// Copies from global to shared memory that do not pass through registers. Both addresses are multiples of 16.
// The copied values may be read by this thread after the wait, by others after a barrier that follows it.
#pragma once
#include "common/types.cuh"

#ifdef NR_EMU
NR_DEVICE void nr_copy_async16(void* shared, const void* global) { nr_emu_copy_async(shared, global, 16); }
NR_DEVICE void nr_copy_async_commit() { nr_emu_copy_async_commit(); }

template <int pending>
NR_DEVICE void nr_copy_async_wait() { nr_emu_copy_async_wait(pending); }
#else
NR_DEVICE void nr_copy_async16(void* shared, const void* global)
{
    const unsigned target = (unsigned)__cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" : : "r"(target), "l"(global) : "memory");
}

// Closes the group of the copies since the last commit.
NR_DEVICE void nr_copy_async_commit() { asm volatile("cp.async.commit_group;" : : : "memory"); }

// Waits until at most `pending` of this thread's groups are on their way.
template <int pending>
NR_DEVICE void nr_copy_async_wait() { asm volatile("cp.async.wait_group %0;" : : "n"(pending) : "memory"); }
#endif
