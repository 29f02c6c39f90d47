#include "module.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace nr_emu {

namespace {
std::set<const Image*> s_loaded;
}

bool is_loaded(const Image* image) { return s_loaded.count(image) > 0; }

Image* load_image(const void* bytes, std::string& why)
{
    const auto* header = static_cast<const Elf64_Ehdr*>(bytes);
    if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_machine != EM_X86_64)
    {
        why = "not an image that the emulator's NVRTC made";
        return nullptr;
    }
    const size_t size = header->e_shoff + size_t{ header->e_shentsize } * header->e_shnum; // the section table ends the file
    auto* image = new Image;
    image->file = memfd_create("nr-emu-module", MFD_CLOEXEC);
    size_t written = 0;
    while (written < size)
    {
        const ssize_t n = write(image->file, static_cast<const char*>(bytes) + written, size - written);
        if (n <= 0) break;
        written += static_cast<size_t>(n);
    }
    const std::string path = "/proc/self/fd/" + std::to_string(image->file);
    image->handle = written == size ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (!image->handle)
    {
        const char* reason = dlerror();
        why = reason ? reason : "cannot be written to memory";
        close(image->file);
        delete image;
        return nullptr;
    }
    image->entries = static_cast<const Entry*>(dlsym(image->handle, "nr_emu_entries"));
    const auto* architecture = static_cast<const int*>(dlsym(image->handle, "nr_emu_architecture"));
    if (!image->entries || !architecture)
    {
        why = "an image without entry points";
        unload(image);
        return nullptr;
    }
    image->architecture = *architecture;
    link_map* map = nullptr;
    dlinfo(image->handle, RTLD_DI_LINKMAP, &map);
    image->base = map->l_addr;
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
            auto* self = static_cast<Image*>(data);
            if (info->dlpi_addr != self->base) return 0;
            for (int i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_LOAD)
                    self->end = std::max(self->end, self->base + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz);
            return 1;
        },
        image);
    s_loaded.insert(image);
    return image;
}

void unload(Image* image)
{
    s_loaded.erase(image);
    dlclose(image->handle);
    close(image->file);
    delete image;
}

const Entry* Image::find(const std::string& name) const
{
    for (const Entry* entry = entries; entry->name; entry++)
        if (name == entry->name) return entry;
    return nullptr;
}

std::pair<uintptr_t, size_t> Image::thread_storage() const
{
    // A thread's storage is made at the first use: this is it.
    reinterpret_cast<void (*)()>(dlsym(handle, "nr_emu_touch"))();
    struct Found
    {
        uintptr_t base, start;
        size_t bytes;
    } found{ base, 0, 0 };
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
            auto* f = static_cast<Found*>(data);
            if (info->dlpi_addr != f->base) return 0;
            f->start = reinterpret_cast<uintptr_t>(info->dlpi_tls_data);
            for (int i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_TLS) f->bytes = info->dlpi_phdr[i].p_memsz;
            return 1;
        },
        &found);
    return { found.start, found.bytes };
}

std::string Image::line_of(const void* pc) const
{
    const uintptr_t address = reinterpret_cast<uintptr_t>(pc) - base - 1; // a return address is behind the call
    char command[160];
    std::snprintf(command, sizeof command, "addr2line -i -e /proc/%d/fd/%d %#zx 2>/dev/null", getpid(), file, address);
    std::string lines;
    if (FILE* pipe = popen(command, "re"))
    {
        char line[512];
        while (std::fgets(line, sizeof line, pipe))
        {
            line[std::strcspn(line, " \n")] = 0;
            const char* name = std::strrchr(line, '/');
            lines += (lines.empty() ? "" : ", called at ") + std::string(name ? name + 1 : line);
        }
        pclose(pipe);
    }
    return lines.empty() ? "code offset " + std::to_string(address) : lines;
}

} // namespace nr_emu
