// Counts what a launch asks of the memory system: bytes, 32-byte sectors of each warp's requests, what DRAM must move at least, bank
// conflicts of shared memory, atomics, mma. Off unless NR_EMU_COUNT is set.
#pragma once
#include <cstddef>
#include <cstdint>
#include <compare>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace nr_emu {

struct Image;
struct Launch;
struct Worker;

constexpr size_t SectorBytes = 32;

// Accesses of one kind. A request is one instruction of one warp; `ideal` is what its distinct bytes would take if they lay together.
struct Traffic
{
    uint64_t bytes = 0, requests = 0, sectors = 0, ideal = 0, unique = 0; // unique: sectors, each once in the launch
};

// As tests/NativeRetrieval.CudaEmulator.Tests/Traffic/LaunchCounters.cs reads it.
struct Counters
{
    Traffic read, written;                                                     // global memory
    uint64_t shared_requests = 0, shared_wavefronts = 0, shared_ideal = 0;     // wavefronts: passes over the 32 banks
    double shared_ways = 0; // of the worst program point: wavefronts for each that it needs
    uint64_t atomics = 0, shared_atomics = 0;                                  // of threads, not of warps
    uint64_t mma = 0;                                                          // of warps
};

enum class Space : uint8_t { Global, Shared };

// A program point that accesses memory.
struct Site
{
    const void* pc;
    Space space;
    bool write;
    auto operator<=>(const Site&) const = default;
};

// A launch and what was counted. Traffic of shared memory at a site: sectors stand for wavefronts.
struct Counted
{
    std::string kernel;
    const Image* image;
    uint32_t grid[3], block[3];
    uint64_t dynamic_bytes;
    Counters counters;
    std::map<Site, Traffic> sites;
    // A line for each site that takes more than it would at best, the dearest first: source line, requests, what they take, what they
    // would.
    std::string dear_sites() const;
};

// One worker's counts during a launch. Lanes of a warp run one after another here, so requests are put together afterwards: a lane's
// n-th access at a program point since its warp last met belongs to the n-th request of that point. They meet at __syncthreads, at a
// collective of the whole warp and at the end.
class WarpCounter
{
public:
    void begin(uint32_t number);
    void access(const Worker& w, uintptr_t address, size_t bytes, bool write, bool atomic, const void* pc);
    void met(unsigned warp);
    void mma() { m_counters.mma++; }
    // Adds what was counted to the launch's, program points included.
    void end(Counted& launch);

private:
    struct Request
    {
        uint32_t lanes;
        uint16_t bytes; // of a lane
        uintptr_t address[32];
    };
    struct Pending
    {
        uint32_t next[32] = {};
        size_t used = 0;
        std::vector<Request> requests;
    };
    struct Warp
    {
        std::vector<Pending> pending; // by site
        std::vector<uint32_t> touched;
    };

    uint32_t site_of(const void* pc, Space space, bool write);
    void global(bool write, Traffic& site, const Request& request);
    void shared(Traffic& site, const Request& request);

    Counters m_counters;
    uint32_t m_launch = 0;
    std::unordered_map<uint64_t, uint32_t> m_numbers;
    uint64_t m_last_key = ~0ull;
    uint32_t m_last = 0;
    std::vector<std::pair<Site, Traffic>> m_sites;
    std::vector<Warp> m_warps;
};

// The launches that were counted, oldest first.
std::vector<Counted>& counted();

} // namespace nr_emu
