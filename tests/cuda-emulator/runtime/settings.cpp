#include "settings.h"

#include <cstdlib>

namespace nr_emu {

constinit Settings g_settings;

bool configure(const std::string& name, const std::string& value)
{
    auto& s = settings();
    const auto number = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "NR_EMU_ORDER")
    {
        if (value == "forward") s.order = Order::Forward;
        else if (value == "reverse") s.order = Order::Reverse;
        else if (value == "random") s.order = Order::Random;
        else return false;
    }
    else if (name == "NR_EMU_SEED") s.seed = number;
    else if (name == "NR_EMU_STRICT") s.strict = number != 0;
    else if (name == "NR_EMU_CHECK_RACES") s.check_races = number != 0;
    else if (name == "NR_EMU_CHECK_UNINITIALISED") s.check_uninitialised = number != 0;
    else if (name == "NR_EMU_MEMORY_MIB") s.memory_mib = static_cast<unsigned>(number);
    else if (name == "NR_EMU_CC") s.capability = static_cast<unsigned>(number);
    else if (name == "NR_EMU_WORKERS") s.workers = number == 0 ? 1 : static_cast<unsigned>(number);
    else if (name == "NR_EMU_MULTIPROCESSORS") s.multiprocessors = number == 0 ? 1 : static_cast<unsigned>(number);
    else if (name == "NR_EMU_DEVICE") s.device = static_cast<unsigned>(number);
    else if (name == "NR_EMU_RECORD") s.record = number != 0;
    else if (name == "NR_EMU_COUNT") s.count = number != 0;
    else if (name == "NR_EMU_BIAS_GRADIENTS") s.bias_gradients = number != 0;
    else if (name == "NR_EMU_WRONG_FILTER_GRADIENT") s.wrong_filter_gradient = value.empty() ? -1 : static_cast<int>(number);
    else return false;
    return true;
}

namespace {
struct FromEnvironment
{
    FromEnvironment()
    {
        for (const char* name : {"NR_EMU_ORDER", "NR_EMU_SEED", "NR_EMU_STRICT", "NR_EMU_CHECK_RACES", "NR_EMU_CHECK_UNINITIALISED",
                 "NR_EMU_MEMORY_MIB", "NR_EMU_CC", "NR_EMU_WORKERS", "NR_EMU_MULTIPROCESSORS", "NR_EMU_DEVICE", "NR_EMU_RECORD",
                 "NR_EMU_COUNT", "NR_EMU_BIAS_GRADIENTS", "NR_EMU_WRONG_FILTER_GRADIENT"})
            if (const char* value = std::getenv(name); value && !configure(name, value)) std::abort();
    }
} from_environment;
} // namespace

} // namespace nr_emu
