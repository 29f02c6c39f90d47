// Device and pinned memory: one reserved range of addresses with a state for every byte. A freed range is not used again until
// everything else was, so that a late access meets "freed" and not somebody else's data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace nr_emu {

constexpr size_t ArenaBytes = size_t{ 1 } << 36;
constexpr size_t Alignment = 512, RedZone = 512;

enum Byte : uint8_t { Nothing = 0, Uninitialised = 1, Initialised = 2 };
enum class Place { Device, Pinned };

// Who touched a 4-byte word of global memory during the current launch; the masks say which bytes.
struct GlobalCell
{
    uint32_t launch, write_block, read_block, write_clock, read_clock;
    uint16_t write_lane, read_lane;
    uint8_t write_mask, read_mask;
};

extern char* const g_arena;
extern uint8_t* const g_state;
extern GlobalCell* const g_cells;

// Zeros that take memory where they are touched.
void* reserve(size_t bytes);

inline size_t arena_offset(uintptr_t address) { return address - reinterpret_cast<uintptr_t>(g_arena); }

// Null where the memory's limit is reached.
void* allocate(size_t bytes, Place place);
// Empty, or what is wrong: double free, not the start of an allocation.
std::string release(uintptr_t address, Place place);
size_t used_bytes();
bool is_live(uintptr_t address, Place place);
bool was_freed(uintptr_t address);
// Bytes of the device allocation from this address on; 0 where there is none.
size_t bytes_from(uintptr_t address);
uintptr_t start_of(uintptr_t address); // of the allocation that holds a live address

// Empty, or what is wrong with an access of so many bytes: for copies and library calls, and to say why a kernel's access failed.
std::string examine(uintptr_t address, size_t bytes, bool write);
void mark_initialised(uintptr_t address, size_t bytes);
// "12 bytes past the end of device allocation 3 (1024 bytes)"
std::string describe(uintptr_t address);
// One line for each allocation that is still there, and forgets them all.
std::string leaks(Place place);

} // namespace nr_emu
