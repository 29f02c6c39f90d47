// libnvrtc.so.12: kernel texts are compiled by g++ into shared objects that the look-alike driver loads. The text goes through the
// preprocessor first, because entry points may come out of macros; then they are found, and a table of them is appended.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "support.h"

namespace fs = std::filesystem;

namespace {

enum Result : int
{
    Ok = 0, InvalidInput = 3, InvalidProgram = 4, InvalidOption = 5, CompilationError = 6, NameNotValid = 10, Internal = 11,
};

struct Program
{
    std::string text, name, log, image;
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<std::string> expressions;
    bool compiled = false, ptx_only = false;
};

constexpr int Architectures[] = { 75, 80, 86, 89, 90, 100, 120 };

std::string home()
{
    Dl_info info;
    dladdr(reinterpret_cast<void*>(&home), &info);
    return fs::path(info.dli_fname).parent_path().string();
}

std::string quote(const std::string& text)
{
    std::string quoted = "'";
    for (char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

std::string read(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
}

// extern "C" __global__ void NAME(, with launch bounds before or after void, in preprocessed text.
std::vector<std::pair<std::string, std::string>> entry_points(const std::string& text)
{
    static const std::regex pattern(
        R"re(extern\s*"C"\s+__global__\s+(?:__launch_bounds__\s*\(([^)]*)\)\s*)?)re"
        R"re(void\s+(?:__launch_bounds__\s*\(([^)]*)\)\s*)?(\w+)\s*\()re");
    std::vector<std::pair<std::string, std::string>> found;
    for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i)
    {
        std::string bounds = (*i)[1].matched ? (*i)[1] : (*i)[2];
        bounds = bounds.substr(0, bounds.find(','));
        found.emplace_back((*i)[3], bounds.empty() ? "1024" : bounds);
    }
    return found;
}

// FNV-1a of 128 bits.
std::string hash(const std::string& text)
{
    unsigned __int128 sum = (static_cast<unsigned __int128>(0x6c62272e07bb0142) << 64) | 0x62b821756295c58d;
    for (unsigned char c : text) sum = (sum ^ c) * ((static_cast<unsigned __int128>(1) << 88) | 0x13b);
    char digits[33];
    std::snprintf(
        digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(sum >> 64), static_cast<unsigned long long>(sum));
    return digits;
}

// Where the image lies that this text was compiled to before, by whichever process: compilation takes seconds, and many tests begin without
// kernels.
fs::path compiled_before(std::string text, const std::string& options, const fs::path& folder)
{
    const std::string name = folder.string(); // differs each time and stands in the text's line markers
    for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;) text.erase(at, name.size());
    return fs::path(home()) / "compiled" / (hash(text + '\0' + options + '\0' + read(home() + "/device.h")) + ".so");
}

int compile(Program& p, int count, const char* const* options, const fs::path& folder)
{
    std::string flags, standard = "c++17";
    int architecture = 75;
    for (int i = 0; i < count; i++)
    {
        const std::string option = options[i];
        auto value = [&](const char* prefix) -> const char*
        { return option.rfind(prefix, 0) == 0 ? option.c_str() + std::strlen(prefix) : nullptr; };
        const char* v;
        if ((v = value("--gpu-architecture=")) || (v = value("-arch=")))
        {
            const std::string name = v;
            p.ptx_only = name.rfind("compute_", 0) == 0;
            architecture = std::atoi(name.c_str() + name.find('_') + 1);
            if ((!p.ptx_only && name.rfind("sm_", 0) != 0)
                || std::find(std::begin(Architectures), std::end(Architectures), architecture) == std::end(Architectures))
            {
                p.log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
                return InvalidOption;
            }
        }
        else if ((v = value("--std=")) || (v = value("-std="))) standard = v;
        else if ((v = value("-D")) || (v = value("--define-macro="))) flags += " " + quote(std::string("-D") + v);
        else if (option == "-default-device" || option == "--device-as-default-execution-space" || value("--ptxas-options=")
            || value("--fmad=") || option == "-lineinfo" || option == "--generate-line-info")
        {
        }
        else
        {
            p.log = "nvrtc: error: unrecognized option " + option + " found\n";
            return InvalidOption;
        }
    }
    for (const auto& [name, text] : p.headers)
    {
        fs::create_directories((folder / name).parent_path());
        std::ofstream(folder / name) << text;
    }
    const std::string source = (folder / (fs::path(p.name).filename().string() + ".cpp")).string();
    std::ofstream(source) << "#line 1 \"" << p.name << "\"\n"
                          << p.text << "\n[[maybe_unused]] static const char nr_emu_compiler[] = __VERSION__;\n";
    const char* compiler = std::getenv("NR_EMU_CXX");
    const std::string cxx = compiler ? compiler : "g++", language = " -std=" + standard, log = (folder / "log").string();
    const std::string arguments = language + flags + " -DNR_EMU=1 -D__CUDA_ARCH__=" + std::to_string(architecture * 10) + " -I"
        + quote(folder.string()) + " '-DNR_DYNAMIC_SHARED(type,name)=type* const name = reinterpret_cast<type*>(nr_emu_dynamic_shared())'";
    const std::string prepared = (folder / "prepared.cpp").string();
    auto run = [&](const std::string& command) {
        const int status = std::system((command + " 2>> " + quote(log)).c_str());
        p.log = read(log);
        return status == 0;
    };
    if (!run(cxx + arguments + " -E " + quote(source) + " -o " + quote(prepared))) return CompilationError;

    std::ostringstream tail;
    tail << "\n#line 1 \"nr_emu_entries\"\n";
    for (const auto& expression : p.expressions)
        tail << "static constexpr auto nr_emu_expression_" << &expression - p.expressions.data() << " = " << expression << ";\n";
    tail << "#define NR_EMU_EXPORT extern \"C\" __attribute__((visibility(\"default\")))\n"
         << "NR_EMU_EXPORT const int nr_emu_architecture;\nconst int nr_emu_architecture = " << architecture << ";\n"
         << "static thread_local volatile char nr_emu_touched;\nNR_EMU_EXPORT __attribute__((no_sanitize_thread)) "
            "void nr_emu_touch() { nr_emu_touched = 1; }\n"
         << "NR_EMU_EXPORT const nr_emu_entry nr_emu_entries[];\nconst nr_emu_entry nr_emu_entries[] = {\n";
    for (const auto& [name, bounds] : entry_points(read(prepared)))
        tail << "NR_EMU_ENTRY(\"" << name << "\", &" << name << ", " << bounds << ")\n";
    for (size_t i = 0; i < p.expressions.size(); i++)
        tail << "NR_EMU_ENTRY(\"" << p.expressions[i] << "\", nr_emu_expression_" << i << ", 1024)\n";
    tail << "{ nullptr, nullptr, 0, nullptr, nullptr, 0 } };\n";
    std::ofstream(prepared, std::ios::app) << tail.str();

    const std::string image = (folder / "image.so").string(), object = (folder / "image.o").string();
    // thread: a call for each load and store, defined by the driver and not by libtsan, hence only at compilation. Structs stay whole,
    // so that a float4 is one access. Thread-local storage goes through __tls_get_addr: of storage reached by descriptors glibc does not
    // tell the address.
    const std::string sanitise = " -fsanitize=thread -fsanitize=bounds,alignment,integer-divide-by-zero -fno-sanitize-recover=all --param "
                                 "tsan-instrument-func-entry-exit=0 -fno-tree-sra";
    const std::string flags_of_image =
        language + " -O1 -g1 -w -fPIC -fno-exceptions -fno-rtti -ffp-contract=off -fvisibility=hidden -fno-gnu-unique" + sanitise;
    const fs::path known = compiled_before(read(prepared), flags_of_image, folder);
    // Another compiler may do anything, and is asked each time.
    if (!compiler && !(p.image = read(known)).empty())
    {
        p.compiled = true;
        return Ok;
    }
    if (!run(cxx + flags_of_image + " -include " + quote(home() + "/device.h") + " -c " + quote(prepared) + " -o " + quote(object))
        || !run(
            cxx + " -shared -Wl,--no-undefined -o " + quote(image) + " " + quote(object) + " -L" + quote(home()) + " -l:libcuda.so.1 -lm"))
        return CompilationError;
    if (!compiler)
    {
        std::error_code ignored; // what cannot be kept is compiled again
        const fs::path part = known.string() + "." + folder.filename().string();
        fs::create_directories(known.parent_path(), ignored);
        if (fs::copy_file(image, part, ignored)) fs::rename(part, known, ignored);
    }
    p.image = read(image);
    p.compiled = true;
    return Ok;
}

} // namespace

API int nvrtcVersion(int* major, int* minor) { *major = 12; *minor = 8; return Ok; }
API int nvrtcGetNumSupportedArchs(int* count) { *count = static_cast<int>(std::size(Architectures)); return Ok; }
API int nvrtcGetSupportedArchs(int* list) { std::copy(std::begin(Architectures), std::end(Architectures), list); return Ok; }
API int nvrtcCreateProgram(
    Program** program, const char* text, const char* name, int count, const char* const* headers, const char* const* names)
{
    if (!program || !text || count < 0) return InvalidInput;
    auto* p = new Program{ text, name ? name : "default_program", {}, {}, {}, {}, false, false };
    for (int i = 0; i < count; i++) p->headers.emplace_back(names[i], headers[i]);
    *program = p;
    return Ok;
}
API int nvrtcDestroyProgram(Program** program)
{
    if (!program || !*program) return InvalidProgram;
    delete *program;
    *program = nullptr;
    return Ok;
}
API int nvrtcAddNameExpression(Program* program, const char* expression)
{
    if (!program) return InvalidProgram;
    program->expressions.push_back(expression);
    return Ok;
}
API int nvrtcCompileProgram(Program* program, int count, const char* const* options)
{
    if (!program) return InvalidProgram;
    char folder[] = "/tmp/nr-emu-XXXXXX";
    if (!mkdtemp(folder)) return Internal;
    const int result = compile(*program, count, options, folder);
    if (!std::getenv("NR_EMU_KEEP"))
    {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    return result;
}
API int nvrtcGetLoweredName(Program* program, const char* expression, const char** name)
{
    if (!program || !program->compiled) return InvalidProgram;
    const auto found = std::find(program->expressions.begin(), program->expressions.end(), expression);
    if (found == program->expressions.end()) return NameNotValid;
    *name = found->c_str();
    return Ok;
}
API int nvrtcGetProgramLogSize(Program* program, size_t* bytes) { *bytes = program->log.size() + 1; return Ok; }
API int nvrtcGetProgramLog(Program* program, char* log) { std::memcpy(log, program->log.c_str(), program->log.size() + 1); return Ok; }
API int nvrtcGetCUBINSize(Program* program, size_t* bytes)
{
    *bytes = program->ptx_only ? 0 : program->image.size();
    return program->compiled ? Ok : InvalidProgram;
}
API int nvrtcGetCUBIN(Program* program, char* image)
{
    std::memcpy(image, program->image.data(), program->ptx_only ? 0 : program->image.size());
    return program->compiled ? Ok : InvalidProgram;
}
API int nvrtcGetPTXSize(Program* program, size_t* bytes)
{
    *bytes = program->image.size() + 1;
    return program->compiled ? Ok : InvalidProgram;
}
API int nvrtcGetPTX(Program* program, char* image)
{
    std::memcpy(image, program->image.c_str(), program->image.size() + 1);
    return program->compiled ? Ok : InvalidProgram;
}
API const char* nvrtcGetErrorString(int result)
{
    switch (result)
    {
    case Ok: return "NVRTC_SUCCESS";
    case InvalidInput: return "NVRTC_ERROR_INVALID_INPUT";
    case InvalidProgram: return "NVRTC_ERROR_INVALID_PROGRAM";
    case InvalidOption: return "NVRTC_ERROR_INVALID_OPTION";
    case CompilationError: return "NVRTC_ERROR_COMPILATION";
    case NameNotValid: return "NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID";
    default: return "NVRTC_ERROR_INTERNAL_ERROR";
    }
}
