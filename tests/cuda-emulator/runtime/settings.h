// What is set from outside: environment variables at load, nr_emu_configure(name, value) afterwards (README.md has the list).
#pragma once
#include <cstdint>
#include <string>

namespace nr_emu {

enum class Order { Forward, Reverse, Random };

struct Settings
{
    Order order = Order::Forward;
    uint64_t seed = 1;
    bool strict = true;          // what only happens to work on a GPU is an error
    bool check_races = true;
    bool check_uninitialised = true;
    unsigned memory_mib = 4096;
    unsigned capability = 90;    // compute capability as one number
    unsigned workers = 2;
    bool bias_gradients = true;  // cublasLt has algorithms that also write a bias gradient
    int wrong_filter_gradient = -1; // the algorithm of cuDNN's filter gradient that is wrong by a thousandth
    unsigned multiprocessors = 4; // that the device says it has
    unsigned device = 0;         // the last byte of the device's number: another GPU for each process
    bool record = false;         // work is written down and not done: sizes of real models, memory that nobody touches
    bool count = false;          // launches count what they ask of the memory system
};

extern Settings g_settings;
inline Settings& settings() { return g_settings; }
bool configure(const std::string& name, const std::string& value);

// SplitMix64: the sequence of decisions under Order::Random.
struct Random
{
    uint64_t state;
    uint64_t next()
    {
        uint64_t z = state += 0x9E3779B97F4A7C15ull;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }
    unsigned below(unsigned bound) { return static_cast<unsigned>(next() % bound); }
};

} // namespace nr_emu
