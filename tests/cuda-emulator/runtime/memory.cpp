#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <sys/mman.h>

#include "settings.h"

namespace nr_emu {

namespace {

struct Allocation
{
    size_t bytes, extent;
    Place place;
    unsigned serial;
    bool freed;
};

std::mutex s_mutex;
std::map<uintptr_t, Allocation> s_allocations;
size_t s_next = Alignment, s_used = 0;
unsigned s_serial = 0;

const char* name_of(Place place) { return place == Place::Device ? "device" : "pinned"; }

// The lowest freed ranges side by side that are large enough; used when fresh addresses have run out.
uintptr_t reuse(size_t extent)
{
    auto first = s_allocations.end();
    size_t length = 0;
    for (auto i = s_allocations.begin(); i != s_allocations.end(); ++i)
    {
        if (!i->second.freed)
        {
            first = s_allocations.end();
            continue;
        }
        if (first == s_allocations.end() || first->first + length != i->first) first = i, length = 0;
        length += i->second.extent;
        if (length < extent) continue;
        const uintptr_t address = first->first;
        Allocation rest = i->second;
        s_allocations.erase(first, std::next(i));
        rest.bytes = rest.extent = length - extent;
        if (rest.extent > 0) s_allocations[address + extent] = rest;
        return address;
    }
    return 0;
}

// Bytes of one value, whole pages of which go back to the system and are zeros.
void clear(void* from, size_t bytes, int value)
{
    const auto address = reinterpret_cast<uintptr_t>(from), end = address + bytes;
    const uintptr_t first = (address + 4095) & ~uintptr_t{ 4095 }, last = end & ~uintptr_t{ 4095 };
    if (first >= last)
    {
        std::memset(from, value, bytes);
        return;
    }
    std::memset(from, value, first - address);
    std::memset(reinterpret_cast<void*>(last), value, end - last);
    madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

// After this an access is an error, a stale reader does not find the old values, and the memory is the system's again, with what words
// remember of past launches, which is several times as large.
void forget(uintptr_t address, size_t bytes)
{
    clear(g_state + arena_offset(address), bytes, Nothing);
    clear(reinterpret_cast<void*>(address), bytes, 0xff);
    clear(g_cells + arena_offset(address) / 4, bytes / 4 * sizeof(GlobalCell), 0);
}

} // namespace

void* reserve(size_t bytes)
{
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
    {
        std::fprintf(stderr, "NR CPU emulator: cannot reserve %zu GiB of addresses\n", bytes >> 30);
        std::abort();
    }
    madvise(p, bytes, MADV_DONTDUMP);
    return p;
}

char* const g_arena = static_cast<char*>(reserve(ArenaBytes));
uint8_t* const g_state = static_cast<uint8_t*>(reserve(ArenaBytes));
GlobalCell* const g_cells = static_cast<GlobalCell*>(reserve(ArenaBytes / 4 * sizeof(GlobalCell)));

void* allocate(size_t bytes, Place place)
{
    std::lock_guard lock(s_mutex);
    if (place == Place::Device && s_used + bytes > size_t{ settings().memory_mib } << 20) return nullptr;
    const size_t extent = (bytes + RedZone + Alignment - 1) / Alignment * Alignment;
    uintptr_t address = 0;
    if (s_next + extent <= ArenaBytes)
    {
        address = reinterpret_cast<uintptr_t>(g_arena) + s_next;
        s_next += extent;
    }
    else if (!(address = reuse(extent)))
        return nullptr;
    s_allocations[address] = { bytes, extent, place, ++s_serial, false };
    if (place == Place::Device) s_used += bytes;
    if (settings().record && place == Place::Device) return reinterpret_cast<void*>(address); // nobody will touch it
    uint8_t* state = g_state + arena_offset(address);
    std::memset(state, place == Place::Device ? Uninitialised : Initialised, bytes);
    std::memset(state + bytes, Nothing, extent - bytes);
    std::memset(reinterpret_cast<void*>(address), 0xff, bytes); // NaN: uninitialised values do not look like zeros
    return reinterpret_cast<void*>(address);
}

std::string release(uintptr_t address, Place place)
{
    std::lock_guard lock(s_mutex);
    const auto found = s_allocations.find(address);
    char text[160];
    if (found == s_allocations.end() || found->second.place != place)
    {
        std::snprintf(text, sizeof text, "free of %#zx, which is not the start of a %s allocation", address, name_of(place));
        return text;
    }
    auto& a = found->second;
    if (a.freed)
    {
        std::snprintf(text, sizeof text, "double free of %s allocation %u (%zu bytes)", name_of(place), a.serial, a.bytes);
        return text;
    }
    a.freed = true;
    if (place == Place::Device) s_used -= a.bytes;
    if (settings().record && place == Place::Device) return {};
    forget(address, a.bytes);
    return {};
}

size_t used_bytes()
{
    std::lock_guard lock(s_mutex);
    return s_used;
}

bool is_live(uintptr_t address, Place place)
{
    std::lock_guard lock(s_mutex);
    auto i = s_allocations.upper_bound(address);
    if (i == s_allocations.begin()) return false;
    --i;
    return i->second.place == place && !i->second.freed && address < i->first + std::max<size_t>(i->second.bytes, 1);
}

bool was_freed(uintptr_t address)
{
    std::lock_guard lock(s_mutex);
    auto i = s_allocations.upper_bound(address);
    if (i == s_allocations.begin()) return false;
    --i;
    return i->second.freed && address < i->first + i->second.bytes;
}

size_t bytes_from(uintptr_t address)
{
    std::lock_guard lock(s_mutex);
    auto i = s_allocations.upper_bound(address);
    if (i == s_allocations.begin()) return 0;
    --i;
    const size_t offset = address - i->first;
    return i->second.place == Place::Device && !i->second.freed && offset < i->second.bytes ? i->second.bytes - offset : 0;
}

uintptr_t start_of(uintptr_t address)
{
    std::lock_guard lock(s_mutex);
    return std::prev(s_allocations.upper_bound(address))->first;
}

std::string describe(uintptr_t address)
{
    std::lock_guard lock(s_mutex);
    char text[200];
    auto i = s_allocations.upper_bound(address);
    if (arena_offset(address) >= ArenaBytes || i == s_allocations.begin())
    {
        std::snprintf(text, sizeof text, "%#zx, which no allocation ever held", address);
        return text;
    }
    --i;
    const auto& a = i->second;
    const size_t offset = address - i->first;
    if (a.freed && offset < a.bytes)
        std::snprintf(text, sizeof text, "byte %zu of freed %s allocation %u (%zu bytes): use after free", offset, name_of(a.place),
            a.serial, a.bytes);
    else if (offset >= a.bytes)
        std::snprintf(text, sizeof text, "%zu bytes past the end of %s%s allocation %u (%zu bytes)", offset - a.bytes,
            a.freed ? "freed " : "", name_of(a.place), a.serial, a.bytes);
    else
        std::snprintf(text, sizeof text, "byte %zu of %s allocation %u (%zu bytes)", offset, name_of(a.place), a.serial, a.bytes);
    return text;
}

std::string examine(uintptr_t address, size_t bytes, bool write)
{
    if (bytes == 0) return {};
    const size_t first = arena_offset(address);
    if (first >= ArenaBytes || first + bytes > ArenaBytes) return "not device memory: " + describe(address);
    const uint8_t* state = g_state + first;
    for (size_t i = 0; i < bytes; i++)
    {
        uint64_t eight;
        while (i + 8 <= bytes && (std::memcpy(&eight, state + i, 8), eight == 0x0202020202020202u)) i += 8;
        if (i == bytes || state[i] == Initialised) continue;
        if (state[i] == Uninitialised && (write || !settings().check_uninitialised)) continue;
        return (state[i] == Uninitialised ? "uninitialised: " : was_freed(address + i) ? "" : "out of bounds: ") + describe(address + i);
    }
    return {};
}

void mark_initialised(uintptr_t address, size_t bytes) { std::memset(g_state + arena_offset(address), Initialised, bytes); }

std::string leaks(Place place)
{
    std::string list;
    std::lock_guard lock(s_mutex);
    for (auto& [address, a] : s_allocations)
        if (!a.freed && a.place == place)
        {
            list += "leak: " + std::string(name_of(place)) + " allocation " + std::to_string(a.serial) + " (" + std::to_string(a.bytes)
                + " bytes)\n";
            a.freed = true;
            if (place == Place::Device) s_used -= a.bytes;
            if (!settings().record) forget(address, a.bytes);
        }
    return list;
}

} // namespace nr_emu
