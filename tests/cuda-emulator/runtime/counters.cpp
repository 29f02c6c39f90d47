#include "counters.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "execution.h"
#include "memory.h"
#include "module.h"

namespace nr_emu {

namespace {

constexpr unsigned Banks = 32, BankBytes = 4;

// The last launch that read and that wrote each sector.
uint32_t* read_tags()
{
    static uint32_t* const tags = static_cast<uint32_t*>(reserve(ArenaBytes / SectorBytes * sizeof(uint32_t)));
    return tags;
}
uint32_t* write_tags()
{
    static uint32_t* const tags = static_cast<uint32_t*>(reserve(ArenaBytes / SectorBytes * sizeof(uint32_t)));
    return tags;
}

// Blocks run on several OS threads: one of them is the first.
bool first_touch(uint32_t& tag, uint32_t launch)
{
    return std::atomic_ref<uint32_t>(tag).exchange(launch, std::memory_order_relaxed) != launch;
}

void add(Traffic& sum, const Traffic& more)
{
    sum.bytes += more.bytes;
    sum.requests += more.requests;
    sum.sectors += more.sectors;
    sum.ideal += more.ideal;
    sum.unique += more.unique;
}

// Distinct numbers of a short list, which is sorted on the way.
template <class T> size_t distinct(T* values, size_t count)
{
    std::sort(values, values + count);
    return static_cast<size_t>(std::unique(values, values + count) - values);
}

} // namespace

void WarpCounter::begin(uint32_t number)
{
    m_counters = {};
    m_launch = number;
    m_numbers.clear();
    m_last_key = ~0ull;
    m_sites.clear();
    m_warps.clear();
    m_warps.resize(MaxWarps);
}

uint32_t WarpCounter::site_of(const void* pc, Space space, bool write)
{
    const uint64_t key = reinterpret_cast<uintptr_t>(pc) << 2 | (space == Space::Shared ? 2u : 0u) | (write ? 1u : 0u);
    if (key == m_last_key) return m_last;
    const auto [found, fresh] = m_numbers.try_emplace(key, static_cast<uint32_t>(m_sites.size()));
    if (fresh) m_sites.push_back({ { pc, space, write }, {} });
    m_last_key = key;
    return m_last = found->second;
}

void WarpCounter::access(const Worker& w, uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc)
{
    Space space = Space::Global;
    if (arena_offset(address) >= ArenaBytes)
    {
        if (address - w.dynamic >= MaxSharedBytes && address - w.fixed >= w.fixed_bytes) return; // the stack, tables of constants
        space = Space::Shared;
    }
    if (atomic) (space == Space::Global ? m_counters.atomics : m_counters.shared_atomics)++;
    // No instruction moves more than 16 bytes for a lane.
    for (; bytes > 16; address += 16, bytes -= 16, pc = static_cast<const char*>(pc) + 1) access(w, address, 16, write, false, pc);
    const uint32_t site = site_of(pc, space, write);
    const unsigned lane = w.lane->index % 32;
    Warp& warp = m_warps[w.lane->index / 32];
    if (warp.pending.size() <= site) warp.pending.resize(site + 1);
    Pending& pending = warp.pending[site];
    if (pending.used == 0) warp.touched.push_back(site);
    const uint32_t which = pending.next[lane]++;
    if (which >= pending.used)
    {
        if (pending.requests.size() <= which) pending.requests.resize(std::max<size_t>(which + 1, 2 * pending.requests.size()));
        pending.requests[which].lanes = 0;
        pending.requests[which].bytes = 0;
        pending.used = which + 1;
    }
    Request& request = pending.requests[which];
    request.lanes |= 1u << lane;
    request.bytes = std::max(request.bytes, static_cast<uint16_t>(bytes));
    request.address[lane] = address;
    // An atomic both reads and writes; its own request is the write.
    if (atomic && space == Space::Global)
    {
        const size_t sector = arena_offset(address) / SectorBytes;
        if (first_touch(read_tags()[sector], m_launch)) m_counters.read.unique++;
    }
}

void WarpCounter::met(unsigned warp)
{
    Warp& w = m_warps[warp];
    for (const uint32_t number : w.touched)
    {
        Pending& pending = w.pending[number];
        auto& [site, traffic] = m_sites[number];
        for (size_t i = 0; i < pending.used; i++)
            if (site.space == Space::Global) global(site.write, traffic, pending.requests[i]);
            else shared(traffic, pending.requests[i]);
        std::memset(pending.next, 0, sizeof pending.next);
        pending.used = 0;
    }
    w.touched.clear();
}

void WarpCounter::global(bool write, Traffic& site, const Request& request)
{
    uint32_t* tags = write ? write_tags() : read_tags();
    uintptr_t starts[32];
    size_t sectors[64], count = 0, spans = 0;
    for (uint32_t m = request.lanes; m; m &= m - 1)
    {
        const uintptr_t address = request.address[__builtin_ctz(m)];
        starts[count++] = address;
        const size_t first = arena_offset(address) / SectorBytes, last = (arena_offset(address) + request.bytes - 1) / SectorBytes;
        sectors[spans++] = first;
        if (last != first) sectors[spans++] = last;
    }
    Traffic t{ count * request.bytes, 1, distinct(sectors, spans), 0, 0 };
    // Lanes may overlap (all of them read one value): bytes that are asked for, each once.
    std::sort(starts, starts + count);
    uintptr_t end = 0;
    size_t asked = 0;
    for (size_t i = 0; i < count; i++)
    {
        const uintptr_t from = std::max(starts[i], end);
        end = std::max(end, starts[i] + request.bytes);
        if (end > from) asked += end - from;
    }
    t.ideal = (asked + SectorBytes - 1) / SectorBytes;
    for (size_t i = 0; i < t.sectors; i++)
        if (first_touch(tags[sectors[i]], m_launch)) t.unique++;
    add(write ? m_counters.written : m_counters.read, t);
    add(site, t);
}

// Words of 8 bytes are moved for half a warp at a time, of 16 bytes for a quarter; in each such phase a bank gives one of its words.
void WarpCounter::shared(Traffic& site, const Request& request)
{
    const unsigned phases = request.bytes > 8 ? 4 : request.bytes > 4 ? 2 : 1, lanes = 32 / phases,
                   words = std::max(1u, request.bytes / BankBytes);
    uint64_t taken = 0, needed = 0;
    for (unsigned phase = 0; phase < phases; phase++)
    {
        uintptr_t asked[64];
        size_t count = 0;
        for (unsigned lane = phase * lanes; lane < (phase + 1) * lanes; lane++)
            if (request.lanes >> lane & 1)
                for (unsigned word = 0; word < words; word++) asked[count++] = request.address[lane] / BankBytes + word;
        if (count == 0) continue;
        const size_t different = distinct(asked, count);
        unsigned of_bank[Banks] = {}, most = 0;
        for (size_t i = 0; i < different; i++) most = std::max(most, ++of_bank[asked[i] % Banks]);
        taken += most;
        needed++;
    }
    m_counters.shared_requests++;
    m_counters.shared_wavefronts += taken;
    m_counters.shared_ideal += needed;
    add(site, { static_cast<uint64_t>(__builtin_popcount(request.lanes)) * request.bytes, 1, taken, needed, 0 });
}

void WarpCounter::end(Counted& launch)
{
    Counters& all = launch.counters;
    add(all.read, m_counters.read);
    add(all.written, m_counters.written);
    all.shared_requests += m_counters.shared_requests;
    all.shared_wavefronts += m_counters.shared_wavefronts;
    all.shared_ideal += m_counters.shared_ideal;
    all.atomics += m_counters.atomics;
    all.shared_atomics += m_counters.shared_atomics;
    all.mma += m_counters.mma;
    for (const auto& [site, traffic] : m_sites)
        add(launch.sites[site], traffic);
    all.shared_ways = 0;
    for (const auto& [site, traffic] : launch.sites)
        if (site.space == Space::Shared)
            all.shared_ways = std::max(all.shared_ways, static_cast<double>(traffic.sectors) / static_cast<double>(traffic.ideal));
}

std::string Counted::dear_sites() const
{
    std::vector<std::pair<Site, Traffic>> dear;
    for (const auto& entry : sites)
        if (entry.second.sectors > entry.second.ideal) dear.push_back(entry);
    std::sort(dear.begin(), dear.end(),
        [](const auto& a, const auto& b) { return a.second.sectors - a.second.ideal > b.second.sectors - b.second.ideal; });
    std::string text;
    for (size_t i = 0; i < dear.size() && i < 8; i++)
    {
        const auto& [site, t] = dear[i];
        text += (is_loaded(image) ? image->line_of(site.pc) : "unloaded code") + (site.write ? ": writes of " : ": reads of ")
            + (site.space == Space::Global ? "global" : "shared") + " memory, " + std::to_string(t.requests) + " requests, "
            + std::to_string(t.sectors) + (site.space == Space::Global ? " sectors" : " wavefronts") + " where " + std::to_string(t.ideal)
            + " would do\n";
    }
    return text;
}

std::vector<Counted>& counted()
{
    static std::vector<Counted> launches;
    return launches;
}

} // namespace nr_emu
