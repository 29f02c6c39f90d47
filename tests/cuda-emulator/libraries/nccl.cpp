// libnccl.so.2: all-reduce, all-gather and broadcast between processes of one machine. Every rank sends its values to rank 0, which
// compares the calls, computes in rank order, and sends the results back. As on a GPU, a collective occupies its stream until all ranks
// have come, and one whose peer has died ends only by ncclCommAbort. What a rank queues runs when it waits for its device, not before.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "support.h"

using namespace nr_emu;

namespace {

enum Result : int { Ok = 0, SystemError = 2, InternalError = 3, InvalidArgument = 4, InvalidUsage = 5, RemoteError = 6 };
enum Kind : uint32_t { AllReduce = 1, AllGather, Broadcast };

struct UniqueId
{
    char path[128];
};

struct Header
{
    uint32_t kind;
    int32_t type, detail; // detail: the reduction or the root
    uint32_t reserved;
    uint64_t count, number;
    bool operator==(const Header& o) const
    {
        return kind == o.kind && type == o.type && detail == o.detail && count == o.count && number == o.number;
    }
};

struct Communicator
{
    int rank = 0, ranks = 0;
    std::vector<int> peers; // rank 0: a socket for each rank, its own -1; others: one
    std::atomic<bool> aborted{ false };
    std::atomic<int> asynchronous{ Ok };
    void* stream = nullptr;
    uint64_t done = 0; // collectives that ran: one that is captured runs with each launch of its graph

    ~Communicator()
    {
        for (const int peer : peers)
            if (peer >= 0) ::close(peer);
    }
};

std::mutex s_lock;
std::map<Communicator*, std::shared_ptr<Communicator>> s_communicators;
std::map<std::string, int> s_listening;
thread_local std::string t_error;

size_t size_of(int type)
{
    switch (type)
    {
    case 0: case 1: return 1;
    case 6: case 9: return 2;
    case 2: case 3: case 7: return 4;
    case 4: case 5: case 8: return 8;
    default: return 0;
    }
}

bool transfer(int socket, void* data, size_t bytes, bool out)
{
    char* p = static_cast<char*>(data);
    while (bytes > 0)
    {
        const ssize_t n = out ? ::send(socket, p, bytes, MSG_NOSIGNAL) : ::recv(socket, p, bytes, 0);
        if (n <= 0)
        {
            if (n < 0 && errno == EINTR) continue;
            return false;
        }
        p += n;
        bytes -= static_cast<size_t>(n);
    }
    return true;
}

template <class T> void add(void* sum, const void* part, size_t count)
{
    for (size_t i = 0; i < count; i++) static_cast<T*>(sum)[i] += static_cast<const T*>(part)[i];
}

bool add(int type, void* sum, const void* part, size_t count)
{
    switch (type)
    {
    case 2: add<int32_t>(sum, part, count); return true;
    case 4: add<int64_t>(sum, part, count); return true;
    case 7: add<float>(sum, part, count); return true;
    case 8: add<double>(sum, part, count); return true;
    default: return false;
    }
}

std::string text(const Header& h)
{
    const char* kinds[] = { "?", "ncclAllReduce", "ncclAllGather", "ncclBroadcast" };
    return std::string(kinds[h.kind <= 3 ? h.kind : 0]) + "(count " + std::to_string(h.count) + ", type " + std::to_string(h.type) +
        (h.kind == Broadcast ? ", root " : ", op ") + std::to_string(h.detail) + ") as number " + std::to_string(h.number);
}

// The kernel of a collective that lost a peer goes on until somebody aborts it.
const char* spin(Communicator& c)
{
    c.asynchronous = RemoteError;
    while (!c.aborted) ::usleep(1000);
    return nullptr;
}

// The values of all ranks in rank order at rank 0, and the results back.
const char* exchange(Communicator& c, const Header& call, const void* send, void* receive, size_t part, size_t whole)
{
    static thread_local std::string wrong;
    wrong.clear();
    int status = Ok;
    if (c.rank != 0)
    {
        Header own = call;
        if (!transfer(c.peers[0], &own, sizeof own, true) || !transfer(c.peers[0], const_cast<void*>(send), part, true) ||
            !transfer(c.peers[0], &status, sizeof status, false))
            return spin(c);
        if (status == Ok) return transfer(c.peers[0], receive, whole, false) ? nullptr : spin(c);
        wrong = "NCCL: rank " + std::to_string(c.rank) + " calls " + text(call) + ", and others call something else";
        return wrong.c_str();
    }
    std::vector<char> result(whole), other(part);
    if (call.kind != Broadcast || call.detail == 0) std::memcpy(result.data(), send, part);
    for (int rank = 1; rank < c.ranks; rank++)
    {
        Header theirs;
        if (!transfer(c.peers[rank], &theirs, sizeof theirs, false)) return spin(c);
        if (!(theirs == call))
        {
            wrong = "NCCL: rank " + std::to_string(rank) + " calls " + text(theirs) + ", rank 0 calls " + text(call);
            status = InvalidUsage;
            continue; // its values are not read: the connection ends
        }
        if (!transfer(c.peers[rank], other.data(), part, false)) return spin(c);
        if (call.kind == AllGather) std::memcpy(result.data() + rank * part, other.data(), part);
        else if (call.kind == Broadcast && call.detail == rank) std::memcpy(result.data(), other.data(), part);
        else if (call.kind == AllReduce) add(call.type, result.data(), other.data(), call.count);
    }
    for (int rank = 1; rank < c.ranks; rank++)
        if (!transfer(c.peers[rank], &status, sizeof status, true)
            || (status == Ok && !transfer(c.peers[rank], result.data(), whole, true))) return spin(c);
    if (status != Ok) return wrong.c_str();
    std::memcpy(receive, result.data(), whole);
    return nullptr;
}

int fail(int result, const std::string& message)
{
    t_error = message;
    nr_emu_report(("NCCL: " + message).c_str());
    return result;
}

int start(void* handle, void* stream, Kind kind, const void* send, void* receive, size_t count, int type, int detail)
{
    std::shared_ptr<Communicator> c;
    {
        std::lock_guard<std::mutex> lock(s_lock);
        const auto found = s_communicators.find(static_cast<Communicator*>(handle));
        if (found == s_communicators.end()) return fail(InvalidArgument, "there is no such communicator");
        c = found->second;
    }
    if (size_of(type) == 0) return fail(InvalidArgument, "type " + std::to_string(type) + " is none");
    if (kind == AllReduce && (detail != 0 || (type != 2 && type != 4 && type != 7 && type != 8)))
        return fail(InvalidArgument, "sums of int32, int64, float32 and float64 are all that this look-alike knows");
    if (kind == Broadcast && (detail < 0 || detail >= c->ranks))
        return fail(InvalidArgument, "root " + std::to_string(detail) + " is no rank");
    if (stream == nullptr || stream == reinterpret_cast<void*>(1))
        return fail(InvalidUsage, "a collective on the legacy default stream waits for all others");
    if (c->stream != nullptr && c->stream != stream)
        return fail(InvalidUsage, "collectives of one communicator on two streams: their order is not the same on all ranks");
    c->stream = stream;
    const size_t part = count * size_of(type), whole = kind == AllGather ? part * static_cast<size_t>(c->ranks) : part;
    const Header call{ kind, type, detail, 0, count, 0 };
    const bool sends = kind != Broadcast || detail == c->rank;
    const bool queued = enqueue(stream, 1, [=]() -> const char* {
        if (c->aborted) return nullptr;
        if (const char* wrong = sends && part > 0 ? nr_emu_examine(send, part, false) : nullptr) return wrong;
        if (const char* wrong = whole > 0 ? nr_emu_examine(receive, whole, true) : nullptr) return wrong;
        Header numbered = call;
        numbered.number = c->done++;
        const char* wrong = exchange(*c, numbered, send, receive, part, whole);
        if (wrong == nullptr && whole > 0 && !c->aborted) nr_emu_written(receive, whole);
        return wrong;
    });
    return queued ? Ok : fail(InvalidArgument, "there is no such stream");
}

sockaddr_un address_of(const UniqueId& id)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, id.path, ::strnlen(id.path, sizeof address.sun_path - 1));
    return address;
}

int end(void* handle, bool abort)
{
    std::shared_ptr<Communicator> c;
    {
        std::lock_guard<std::mutex> lock(s_lock);
        const auto found = s_communicators.find(static_cast<Communicator*>(handle));
        if (found == s_communicators.end()) return fail(InvalidArgument, "there is no such communicator");
        c = found->second;
        s_communicators.erase(found);
    }
    if (abort)
    {
        c->aborted = true;
        for (const int peer : c->peers)
            if (peer >= 0) ::shutdown(peer, SHUT_RDWR);
    }
    return Ok;
}

} // namespace

API int ncclGetVersion(int* version) { *version = 23007; return Ok; }

API int ncclGetUniqueId(UniqueId* id)
{
    std::memset(id, 0, sizeof *id);
    std::lock_guard<std::mutex> lock(s_lock);
    std::snprintf(id->path, sizeof id->path, "/tmp/nr-emu-nccl-%d-%zu", ::getpid(), s_listening.size());
    ::unlink(id->path);
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(*id);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 128) != 0)
        return SystemError;
    s_listening[id->path] = listener;
    return Ok;
}

API int ncclCommInitRank(void** communicator, int ranks, UniqueId id, int rank)
{
    if (ranks < 1 || rank < 0 || rank >= ranks)
        return fail(InvalidArgument, "rank " + std::to_string(rank) + " of " + std::to_string(ranks));
    auto c = std::make_shared<Communicator>();
    c->rank = rank;
    c->ranks = ranks;
    if (rank == 0)
    {
        int listener;
        {
            std::lock_guard<std::mutex> lock(s_lock);
            const auto found = s_listening.find(id.path);
            if (found == s_listening.end()) return fail(InvalidArgument, "this process did not make the id that its rank 0 uses");
            listener = found->second;
        }
        c->peers.assign(static_cast<size_t>(ranks), -1);
        for (int come = 1; come < ranks; come++)
        {
            const int peer = ::accept(listener, nullptr, nullptr);
            int who[2];
            if (peer < 0 || !transfer(peer, who, sizeof who, false) || who[0] < 1 || who[0] >= ranks || who[1] != ranks
                || c->peers[static_cast<size_t>(who[0])] >= 0)
                return fail(InvalidUsage, "ranks do not agree on their numbers");
            c->peers[static_cast<size_t>(who[0])] = peer;
        }
        ::close(listener);
        ::unlink(id.path);
    }
    else
    {
        const int peer = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_un address = address_of(id);
        int who[2] = { rank, ranks };
        if (::connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || !transfer(peer, who, sizeof who, true))
            return fail(SystemError, std::string("cannot connect to ") + id.path);
        c->peers = { peer };
    }
    *communicator = c.get();
    std::lock_guard<std::mutex> lock(s_lock);
    s_communicators[c.get()] = c;
    return Ok;
}

API int ncclCommDestroy(void* communicator) { return end(communicator, false); }
API int ncclCommAbort(void* communicator) { return end(communicator, true); }

API int ncclCommGetAsyncError(void* communicator, int* error)
{
    std::lock_guard<std::mutex> lock(s_lock);
    const auto found = s_communicators.find(static_cast<Communicator*>(communicator));
    if (found == s_communicators.end()) return InvalidArgument;
    *error = found->second->asynchronous;
    return Ok;
}

API int ncclAllReduce(const void* send, void* receive, size_t count, int type, int operation, void* communicator, void* stream)
{
    return start(communicator, stream, AllReduce, send, receive, count, type, operation);
}
API int ncclBroadcast(const void* send, void* receive, size_t count, int type, int root, void* communicator, void* stream)
{
    return start(communicator, stream, Broadcast, send, receive, count, type, root);
}
API int ncclAllGather(const void* send, void* receive, size_t count, int type, void* communicator, void* stream)
{
    return start(communicator, stream, AllGather, send, receive, count, type, 0);
}

API const char* ncclGetErrorString(int result)
{
    switch (result)
    {
    case Ok: return "no error";
    case SystemError: return "unhandled system error";
    case InternalError: return "internal error";
    case InvalidArgument: return "invalid argument";
    case InvalidUsage: return "invalid usage";
    case RemoteError: return "remote process exited or there was a network error";
    default: return "unknown result code";
    }
}
API const char* ncclGetLastError(void*) { return t_error.c_str(); }
