// Streams that do nothing until somebody waits: work is queued with what it depends on and runs at a synchronisation, so that whoever
// forgot to wait sees old values, and whoever freed too early is found out.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "execution.h"

namespace nr_emu {

struct Stream;
struct Graph;

// A stream's work up to a position; done when the stream has completed that many operations.
struct Point
{
    std::shared_ptr<Stream> stream;
    uint64_t position;
    bool done() const;
};

using Work = std::function<Failure()>;

struct Operation
{
    std::vector<Point> after;
    Work work;
    float microseconds;
};

struct Stream
{
    std::deque<Operation> queue;
    std::vector<Point> after_next; // waits for events: what the next operation depends on
    uint64_t submitted = 0, completed = 0;
    double microseconds = 0;       // what the completed operations are said to have taken
    bool blocking = true;          // ordered with the legacy stream
    bool legacy = false, alive = true;
    std::shared_ptr<Graph> capture;
    std::vector<size_t> capture_tail; // nodes that the stream's next node follows
};

inline bool Point::done() const { return stream->completed >= position; }

struct Graph
{
    struct Node
    {
        std::vector<size_t> after;
        Work work;
    };
    std::vector<Node> nodes;
    std::shared_ptr<Stream> origin;
    std::vector<std::shared_ptr<Stream>> joined;
    int mode = 0;          // of the capture: 0 forbids unsafe calls to all threads, 1 to the one that began it, 2 to none
    std::thread::id owner; // the thread that began it
    bool invalid = false;
    Failure run() const;
};

struct Event
{
    Point point{ nullptr, 0 };
    std::shared_ptr<Graph> capture;
    std::vector<size_t> nodes;
    bool recorded = false, timing = true;
    double microseconds = 0;       // the stream's, once the event has passed
};

// Everything below is called with this held.
extern std::recursive_mutex g_api;

std::shared_ptr<Stream> stream_of(void* handle); // null where there is no such stream
void* add_stream(bool blocking);
bool remove_stream(void* handle);
Point tail(const std::shared_ptr<Stream>& stream);

// Queues, or adds to the graph that the stream is captured into. The time is what events tell of it: nothing is measured, so that what
// is decided by times is decided alike in every run.
constexpr float UsualMicroseconds = 1;
void submit(const std::shared_ptr<Stream>& stream, Work work, float microseconds = UsualMicroseconds);
void run_until(const Point& point);
void run_all();
// One operation of the stream's or of those it waits for: what polling achieves.
void run_one(const Point& point);
bool idle();

// The first failure of a context is kept and ends it: everything after returns it.
int sticky();
void set_sticky(const Failure& failure);
void clear_context();
const std::string& last_report();
void report(const std::string& text);
void forget_report();

} // namespace nr_emu
