#include "queue.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace nr_emu {

std::recursive_mutex g_api;

namespace {

std::map<void*, std::shared_ptr<Stream>> s_streams;
std::vector<std::shared_ptr<Stream>> s_all; // destroyed ones stay until they are done
Failure s_sticky;
std::string s_report;
Random s_random{ 7 };

std::shared_ptr<Stream> make_legacy()
{
    auto stream = std::make_shared<Stream>();
    stream->legacy = true;
    s_all.push_back(stream);
    return stream;
}

std::shared_ptr<Stream>& legacy()
{
    static std::shared_ptr<Stream> stream = make_legacy();
    return stream;
}

bool ready(const Operation& operation)
{
    return std::all_of(operation.after.begin(), operation.after.end(), [](const Point& p) { return p.done(); });
}

void run_front(Stream& stream)
{
    Operation operation = std::move(stream.queue.front());
    stream.queue.pop_front();
    // A dead context runs nothing more.
    if (s_sticky.outcome == Success)
        if (const Failure failure = operation.work(); failure.outcome != Success) set_sticky(failure);
    stream.microseconds += operation.microseconds;
    stream.completed++;
}

// Under Order::Random and Reverse other streams run too, as nothing forbids it.
void run_others()
{
    if (settings().order == Order::Forward) return;
    const bool all = settings().order == Order::Reverse;
    for (bool any = true; any;)
    {
        any = false;
        for (size_t i = s_all.size(); i-- > 0;)
            if (!s_all[i]->queue.empty() && ready(s_all[i]->queue.front()) && (all || s_random.below(2)))
            {
                run_front(*s_all[i]);
                any = all;
            }
    }
}

} // namespace

std::shared_ptr<Stream> stream_of(void* handle)
{
    if (handle == nullptr || handle == reinterpret_cast<void*>(1)) return legacy();
    const auto found = s_streams.find(handle);
    return found == s_streams.end() ? nullptr : found->second;
}

void* add_stream(bool blocking)
{
    auto stream = std::make_shared<Stream>();
    stream->blocking = blocking;
    legacy();
    s_all.erase(std::remove_if(s_all.begin(), s_all.end(), [](const auto& s) { return !s->alive && s->queue.empty(); }), s_all.end());
    s_all.push_back(stream);
    s_streams[stream.get()] = stream;
    return stream.get();
}

bool remove_stream(void* handle)
{
    const auto found = s_streams.find(handle);
    if (found == s_streams.end()) return false;
    found->second->alive = false;
    s_streams.erase(found);
    return true;
}

Point tail(const std::shared_ptr<Stream>& stream) { return { stream, stream->submitted }; }

void submit(const std::shared_ptr<Stream>& stream, Work work, float microseconds)
{
    if (stream->capture)
    {
        auto& nodes = stream->capture->nodes;
        nodes.push_back({ stream->capture_tail, std::move(work) });
        stream->capture_tail = { nodes.size() - 1 };
        return;
    }
    Operation operation{ std::move(stream->after_next), std::move(work), microseconds };
    stream->after_next.clear();
    if (stream->legacy)
    {
        for (const auto& other : s_all)
            if (other != stream && other->blocking && !other->capture) operation.after.push_back(tail(other));
    }
    else if (stream->blocking)
        operation.after.push_back(tail(legacy()));
    stream->queue.push_back(std::move(operation));
    stream->submitted++;
}

void run_until(const Point& point)
{
    while (!point.done())
    {
        run_others();
        if (point.done()) return;
        const auto after = point.stream->queue.front().after;
        for (const auto& p : after) run_until(p);
        // Another operation may be in front by now: what ran in between may have run this stream's, too.
        if (!point.done() && ready(point.stream->queue.front())) run_front(*point.stream);
    }
}

void run_one(const Point& point)
{
    if (point.done()) return;
    for (const auto& p : std::vector<Point>(point.stream->queue.front().after))
        if (!p.done()) return run_one(p);
    run_front(*point.stream);
}

void run_all()
{
    for (size_t i = 0; i < s_all.size(); i++) run_until(tail(s_all[i]));
}

bool idle()
{
    return std::all_of(s_all.begin(), s_all.end(), [](const auto& s) { return s->queue.empty(); });
}

Failure Graph::run() const
{
    std::vector<bool> done(nodes.size());
    for (size_t left = nodes.size(); left > 0; left--)
    {
        std::vector<size_t> free;
        for (size_t i = 0; i < nodes.size(); i++)
            if (!done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(), [&](size_t n) { return done[n]; })) free.push_back(i);
        const size_t which = settings().order == Order::Forward ? free.front()
            : settings().order == Order::Reverse                ? free.back()
                                                                : free[s_random.below(static_cast<unsigned>(free.size()))];
        done[which] = true;
        if (const Failure failure = nodes[which].work(); failure.outcome != Success) return failure;
    }
    return {};
}

int sticky() { return s_sticky.outcome; }

void set_sticky(const Failure& failure)
{
    if (s_sticky.outcome == Success) s_sticky = failure;
    report(failure.text);
}

void clear_context()
{
    s_sticky = {};
    for (auto& [handle, stream] : s_streams) stream->alive = false;
    s_streams.clear();
    for (auto& stream : s_all)
    {
        stream->completed = stream->submitted;
        stream->queue.clear();
        stream->after_next.clear();
    }
}

const std::string& last_report() { return s_report; }

void report(const std::string& text)
{
    s_report = text;
    std::fprintf(stderr, "NR CPU emulator: %s\n", text.c_str());
}

void forget_report() { s_report.clear(); }

} // namespace nr_emu
