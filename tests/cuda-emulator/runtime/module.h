// A compiled kernel file: a shared object in memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace nr_emu {

// As in device.h.
struct Entry
{
    const char* name;
    void (*run)(void**);
    unsigned parameters;
    const unsigned* parameter_bytes;
    const char* parameter_kinds;
    unsigned max_threads;
};

struct Image
{
    void* handle = nullptr;
    int file = -1;
    uintptr_t base = 0, end = 0;
    const Entry* entries = nullptr;
    int architecture = 0;

    // Where this OS thread keeps the module's __shared__ variables.
    std::pair<uintptr_t, size_t> thread_storage() const;
    bool contains(uintptr_t address) const { return address >= base && address < end; }
    // "l2_normalize.cu:23"
    std::string line_of(const void* pc) const;
    const Entry* find(const std::string& name) const;
};

// Null and the reason where this is not an image that this emulator's NVRTC made.
Image* load_image(const void* bytes, std::string& why);
void unload(Image* image);
bool is_loaded(const Image* image);

} // namespace nr_emu
