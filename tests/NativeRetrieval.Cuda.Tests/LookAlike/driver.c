// A libcuda.so.1 that computes nothing: it keeps books, runs queued copies as late as the rules allow and fails on demand.
// A stream's work is done only when something waits for it, so that a buffer reused or freed too early shows as wrong values.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
typedef int result;
typedef struct op { int kind; void* target; const void* source; size_t count; int value; struct event* event; uint64_t version; struct op* next; } op;
typedef struct stream { op* first; op* last; } stream;
typedef struct event { uint64_t recorded, passed; stream* stream; } event;
enum { COPY, SET, RECORD, WAIT };

static _Thread_local void* current;
static int contexts_retained, live_handles, sticky, fail_next;
static size_t memory_total = 1ull << 30, memory_used;
static stream default_stream;
static stream* streams[64];

EXPORT void look_alike_memory(size_t bytes) { memory_total = bytes; }
EXPORT size_t look_alike_memory_used(void) { return memory_used; }
EXPORT int look_alike_retained(void) { return contexts_retained; }
EXPORT int look_alike_live_handles(void) { return live_handles; }
EXPORT void look_alike_fail_next_wait(int code) { fail_next = code; }
EXPORT void look_alike_heal(void) { sticky = 0; fail_next = 0; }

static stream* stream_of(stream* s) { return s ? s : &default_stream; }
static void run_until(stream* s, event* e, uint64_t version);
static void run(stream* s, op* o)
{
    switch (o->kind)
    {
        case COPY: memcpy(o->target, o->source, o->count); break;
        case SET: memset(o->target, o->value, o->count); break;
        case RECORD: if (o->event->passed < o->version) o->event->passed = o->version; break;
        case WAIT: if (o->version > o->event->passed) run_until(o->event->stream, o->event, o->version); break;
    }
    (void)s;
}
static void run_until(stream* s, event* e, uint64_t version)
{
    while (s->first && !(e && e->passed >= version))
    {
        op* o = s->first;
        s->first = o->next;
        if (!s->first) s->last = NULL;
        run(s, o);
        free(o);
    }
}
static result queue(stream* s, op o)
{
    if (!current) return 201;
    if (sticky) return sticky;
    s = stream_of(s);
    op* copy = malloc(sizeof o);
    *copy = o;
    copy->next = NULL;
    if (s->last) s->last->next = copy; else s->first = copy;
    s->last = copy;
    return 0;
}
static result waited(void)
{
    if (fail_next) { sticky = fail_next; fail_next = 0; }
    return sticky;
}

EXPORT result cuInit(unsigned flags) { return flags ? 1 : 0; }
EXPORT result cuDriverGetVersion(int* v) { *v = 12040; return 0; }
EXPORT result cuGetErrorName(int e, const char** s)
{
    *s = e == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : e == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : e == 201 ? "CUDA_ERROR_INVALID_CONTEXT" : e == 500 ? "CUDA_ERROR_NOT_FOUND" : e == 1 ? "CUDA_ERROR_INVALID_VALUE" : NULL;
    return *s ? 0 : 1;
}
EXPORT result cuGetErrorString(int e, const char** s) { *s = e == 700 ? "an illegal memory access was encountered" : "look-alike"; return 0; }
EXPORT result cuDeviceGetCount(int* n) { *n = 1; return 0; }
EXPORT result cuDeviceGet(int* d, int ordinal) { *d = ordinal; return ordinal == 0 ? 0 : 101; }
EXPORT result cuDeviceGetName(char* name, int n, int d) { snprintf(name, (size_t)n, "NR look-alike %d", d); return 0; }
EXPORT result cuDeviceTotalMem_v2(size_t* n, int d) { (void)d; *n = memory_total; return 0; }
EXPORT result cuDeviceGetUuid_v2(unsigned char* u, int d) { (void)d; for (int i = 0; i < 16; i++) u[i] = (unsigned char)(i * 17); return 0; }
EXPORT result cuDeviceGetAttribute(int* v, int a, int d)
{
    (void)d;
    *v = a == 75 ? 8 : a == 76 ? 0 : a == 16 ? 108 : a == 97 ? 166912 : a == 81 ? 167936 : a == 38 ? 41943040 : a == 40 ? 3 : 0;
    return 0;
}
EXPORT result cuDevicePrimaryCtxRetain(void** c, int d) { (void)d; contexts_retained++; *c = (void*)0x1000; return 0; }
EXPORT result cuDevicePrimaryCtxRelease_v2(int d) { (void)d; contexts_retained--; return 0; }
EXPORT result cuCtxSetCurrent(void* c) { current = c; return 0; }
EXPORT result cuCtxGetCurrent(void** c) { *c = current; return 0; }
EXPORT result cuMemAlloc_v2(uint64_t* p, size_t n)
{
    if (!current) return 201;
    if (sticky) return sticky;
    if (memory_used + n > memory_total) return 2;
    size_t* block = malloc(n + 64);
    *block = n;
    memory_used += n;
    memset(block + 8, 0xff, n); // NaN
    *p = (uint64_t)(uintptr_t)(block + 8);
    return 0;
}
EXPORT result cuMemFree_v2(uint64_t p)
{
    if (!current) return 201;
    size_t* block = (size_t*)(uintptr_t)p - 8;
    memory_used -= *block;
    free(block);
    return 0;
}
EXPORT result cuMemGetInfo_v2(size_t* f, size_t* t) { *f = memory_total - memory_used; *t = memory_total; return current ? 0 : 201; }
EXPORT result cuMemHostAlloc(void** p, size_t n, unsigned flags) { (void)flags; if (!current) return 201; *p = calloc(1, n); live_handles++; return 0; }
EXPORT result cuMemFreeHost(void* p) { if (!current) return 201; free(p); live_handles--; return 0; }
EXPORT result cuMemcpyHtoDAsync_v2(uint64_t d, const void* s, size_t n, stream* q) { return queue(q, (op){ .kind = COPY, .target = (void*)(uintptr_t)d, .source = s, .count = n }); }
EXPORT result cuMemcpyDtoHAsync_v2(void* d, uint64_t s, size_t n, stream* q) { return queue(q, (op){ .kind = COPY, .target = d, .source = (void*)(uintptr_t)s, .count = n }); }
EXPORT result cuMemcpyDtoDAsync_v2(uint64_t d, uint64_t s, size_t n, stream* q) { return queue(q, (op){ .kind = COPY, .target = (void*)(uintptr_t)d, .source = (void*)(uintptr_t)s, .count = n }); }
EXPORT result cuMemsetD8Async(uint64_t d, unsigned char v, size_t n, stream* q) { return queue(q, (op){ .kind = SET, .target = (void*)(uintptr_t)d, .value = v, .count = n }); }
EXPORT result cuStreamCreateWithPriority(stream** s, unsigned flags, int priority)
{
    (void)flags; (void)priority;
    if (!current) return 201;
    *s = calloc(1, sizeof **s);
    for (int i = 0; i < 64; i++) if (!streams[i]) { streams[i] = *s; break; }
    live_handles++;
    return 0;
}
EXPORT result cuStreamDestroy_v2(stream* s)
{
    if (!current) return 201;
    run_until(s, NULL, 0);
    for (int i = 0; i < 64; i++) if (streams[i] == s) streams[i] = NULL;
    free(s);
    live_handles--;
    return 0;
}
EXPORT result cuStreamSynchronize(stream* s) { if (!current) return 201; run_until(stream_of(s), NULL, 0); return waited(); }
EXPORT result cuStreamQuery(stream* s) { return !current ? 201 : sticky ? sticky : stream_of(s)->first ? 600 : 0; }
EXPORT result cuCtxSynchronize(void)
{
    if (!current) return 201;
    run_until(&default_stream, NULL, 0);
    for (int i = 0; i < 64; i++) if (streams[i]) run_until(streams[i], NULL, 0);
    return waited();
}
EXPORT result cuEventCreate(event** e, unsigned flags) { (void)flags; if (!current) return 201; *e = calloc(1, sizeof **e); live_handles++; return 0; }
EXPORT result cuEventDestroy_v2(event* e) { if (!current) return 201; (void)e; live_handles--; return 0; } // kept: queued work may name it
EXPORT result cuEventRecord(event* e, stream* s) { e->stream = stream_of(s); return queue(s, (op){ .kind = RECORD, .event = e, .version = ++e->recorded }); }
EXPORT result cuEventSynchronize(event* e) { if (!current) return 201; if (e->stream && e->passed < e->recorded) run_until(e->stream, e, e->recorded); return waited(); }
EXPORT result cuEventQuery(event* e) { return !current ? 201 : sticky ? sticky : e->passed < e->recorded ? 600 : 0; }
EXPORT result cuEventElapsedTime(float* ms, event* a, event* b) { (void)a; (void)b; *ms = 1.5f; return 0; }
EXPORT result cuStreamWaitEvent(stream* s, event* e, unsigned flags) { (void)flags; return queue(s, (op){ .kind = WAIT, .event = e, .version = e->recorded }); }
EXPORT result cuModuleLoadDataEx(void** m, const char* image, unsigned n, int* options, void** values)
{
    if (!current) return 201;
    if (memcmp(image, "bad", 3) == 0)
    {
        for (unsigned i = 0; i < n; i++) if (options[i] == 5) strcpy(values[i], "the assembler's words");
        return 218;
    }
    *m = (void*)0x2000;
    live_handles++;
    return 0;
}
EXPORT result cuModuleUnload(void* m) { (void)m; live_handles--; return current ? 0 : 201; }
EXPORT result cuModuleGetFunction(void** f, void* m, const char* name) { (void)m; *f = (void*)0x3000; return strcmp(name, "store_arguments") == 0 ? 0 : 500; }
static int shared_allowed = 48 << 10;
EXPORT result cuFuncSetAttribute(void* f, int a, int v) { (void)f; if (a != 8 || v > 166912) return 1; shared_allowed = v; return 0; }
EXPORT result cuGraphInstantiateWithFlags(void** e, void* g, unsigned long long flags) { (void)e; (void)g; (void)flags; return 801; }
// store_arguments(record* target, int a, float b, long long c, double d, unsigned e), at once.
EXPORT result cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, stream* s, void** p, void** extra)
{
    (void)f; (void)gy; (void)gz; (void)by; (void)bz; (void)s; (void)extra;
    if (!current) return 201;
    if (sticky) return sticky;
    if ((int)shared > shared_allowed) return 1;
    struct { int a; float b; long long c; double d; unsigned e, grid, block; }* r = *(void**)p[0];
    r->a = *(int*)p[1];
    r->b = *(float*)p[2];
    r->c = *(long long*)p[3];
    r->d = *(double*)p[4];
    r->e = *(unsigned*)p[5];
    r->grid = gx;
    r->block = bx;
    return 0;
}
