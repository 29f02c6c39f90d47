// libcudnn.so.9: the legacy convolution interface for float, half and bfloat16 with float sums, NCHW and NHWC, by the definition.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "convolution.h"
#include "support.h"

using namespace nr_emu;

namespace {

enum Status : int { Ok = 0, NotInitialized = 1001, BadParam = 2000, NotSupported = 3000, ExecutionFailed = 5000 };

struct Handle { void* stream = nullptr; };

struct Tensor
{
    bool set = false;
    int type = 0, n = 0, c = 0, h = 0, w = 0;
    size_t stride_n = 0, stride_c = 0, stride_h = 0, stride_w = 0;
    bool channels_last() const { return stride_c == 1 && c > 1; }
    size_t index(int in, int ic, int ih, int iw) const
    {
        return static_cast<size_t>(in) * stride_n + static_cast<size_t>(ic) * stride_c + static_cast<size_t>(ih) * stride_h
            + static_cast<size_t>(iw) * stride_w;
    }
    size_t count() const { return static_cast<size_t>(n) * static_cast<size_t>(c) * static_cast<size_t>(h) * static_cast<size_t>(w); }
};

struct Filter : Tensor // n: output channels
{
    int format = 0;
};

struct Convolution
{
    bool set = false;
    int pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, mode, compute, math = 0, groups = 1;
};

struct Activation
{
    bool set = false;
    int mode = 0;
};

struct Plan
{
    int algorithm, status;
    float time;
    size_t memory;
    int determinism, math, reserved[3];
};
static_assert(sizeof(Plan) == 48);

thread_local std::string t_last_error;

int refuse(int status, const char* why)
{
    t_last_error = why;
    return status;
}

bool element(int type, Element& e)
{
    switch (type)
    {
    case 0: e = Element::F32; return true;
    case 2: e = Element::F16; return true;
    case 9: e = Element::BF16; return true;
    default: return false;
    }
}

size_t bytes_of_type(int type) { return type == 0 ? 4 : 2; }

int layout(Tensor& t, int format, int type, int n, int c, int h, int w)
{
    if (format != 0 && format != 1) return refuse(NotSupported, "format: NCHW 0 or NHWC 1");
    Element e;
    if (!element(type, e)) return refuse(NotSupported, "data type: FLOAT 0, HALF 2 or BFLOAT16 9");
    if (n <= 0 || c <= 0 || h <= 0 || w <= 0) return refuse(BadParam, "a dimension is not positive");
    t.set = true;
    t.type = type;
    t.n = n; t.c = c; t.h = h; t.w = w;
    const auto sc = static_cast<size_t>(c), sh = static_cast<size_t>(h), sw = static_cast<size_t>(w);
    t.stride_n = sc * sh * sw;
    t.stride_c = format == 0 ? sh * sw : 1;
    t.stride_h = format == 0 ? sw : sw * sc;
    t.stride_w = format == 0 ? 1 : sc;
    return Ok;
}

// x [n, c, h, w] * w [k, c, kh, kw] = y [n, k, oh, ow]: the same relation for all three directions.
int consistent(const Handle* handle, const Tensor* x, const Filter* w, const Convolution* d, const Tensor* y)
{
    if (!handle) return NotInitialized;
    if (!x || !w || !d || !y || !x->set || !w->set || !d->set || !y->set) return refuse(BadParam, "a descriptor is null or was not set");
    if (d->compute != 0) return refuse(NotSupported, "sums are float only");
    if (d->groups != 1) return refuse(NotSupported, "the emulator has no grouped convolutions");
    if (x->type != w->type || x->type != y->type) return refuse(BadParam, "data types of x, w and y differ");
    if (w->c != x->c || y->c != w->n || y->n != x->n) return refuse(BadParam, "channels or batch do not agree");
    const int oh = (x->h + 2 * d->pad_h - ((w->h - 1) * d->dilation_h + 1)) / d->stride_h + 1,
              ow = (x->w + 2 * d->pad_w - ((w->w - 1) * d->dilation_w + 1)) / d->stride_w + 1;
    if (y->h != oh || y->w != ow) return refuse(BadParam, "output size does not follow from input, filter and convolution");
    // A filter in KRSC needs activations in NHWC and the other way round.
    if (w->format == 1 && ((x->c > 1 && !x->channels_last()) || (y->c > 1 && !y->channels_last())))
        return refuse(NotSupported, "NHWC filter with NCHW tensors");
    if (w->format == 0 && (x->channels_last() && x->h * x->w > 1)) return refuse(NotSupported, "NCHW filter with NHWC tensors");
    return Ok;
}

size_t workspace_of(int algorithm) { return algorithm == 0 ? 0 : 2048; }

int check_workspace(int algorithm, const void* workspace, size_t bytes)
{
    if (bytes < workspace_of(algorithm) || (workspace_of(algorithm) > 0 && !workspace))
        return refuse(BadParam, "workspace is smaller than the algorithm asks for");
    return Ok;
}

// Vectors of 16 bytes are loaded.
bool misplaced(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 != 0; }

const char* readable(const void* p, const Tensor& t) { return nr_emu_examine(p, t.count() * bytes_of_type(t.type), false); }
const char* writable(const void* p, const Tensor& t) { return nr_emu_examine(p, t.count() * bytes_of_type(t.type), true); }

// visit(index in memory, index with channels last) for each element.
template <class Visit> void each_element(const Tensor& t, Visit visit)
{
    size_t last = 0;
    for (int n = 0; n < t.n; n++)
        for (int h = 0; h < t.h; h++)
            for (int w = 0; w < t.w; w++)
                for (int c = 0; c < t.c; c++) visit(t.index(n, c, h, w), last++);
}

// Values with the channels last. What is multiplied (d is given): f32 is rounded to TF32 unless the math type forbids it.
std::vector<float> values(const void* p, const Tensor& t, const Convolution* d = nullptr)
{
    Element e{};
    element(t.type, e);
    std::vector<float> all(t.count());
    each_element(t, [&](size_t i, size_t last) { all[last] = load(p, e, i); });
    if (d && e == Element::F32 && d->math != 3)
        for (float& value : all) value = rounded_to_tf32(value);
    return all;
}

// result = alpha * sums + beta * what was there; the sums have the channels last.
void finish(void* p, const Tensor& t, const std::vector<float>& sums, float alpha, float beta)
{
    Element e{};
    element(t.type, e);
    each_element(t, [&](size_t i, size_t last) { store(p, e, i, alpha * sums[last] + (beta == 0 ? 0 : beta * load(p, e, i))); });
    nr_emu_written(p, sums.size() * bytes_of(e));
}

ConvolutionShape shape_of(const Tensor& x, const Filter& w, const Convolution& d, const Tensor& y)
{
    return { x.n, x.h, x.w, x.c, w.n, w.h, w.w, y.h, y.w,
             d.pad_h, d.pad_w, d.stride_h, d.stride_w, d.dilation_h, d.dilation_w, d.mode == 0 };
}

// Direction, x and filter and output sizes, bytes of an element, math type (3: no tensor cores for float), bytes of what is added.
int record(Handle* handle, const char* direction, const Tensor& x, const Filter& w, const Convolution& d, const Tensor& y,
           bool adds = false)
{
    char line[200];
    std::snprintf(line, sizeof line, "convolution\t%s\t%d %d %d %d\t%d %d %d\t%d %d\t%zu %zu\t%d\t%zu", direction,
                  x.n, x.c, x.h, x.w, w.n, w.h, w.w, y.h, y.w, bytes_of_type(x.type), bytes_of_type(y.type), d.math,
                  adds ? y.count() * bytes_of_type(y.type) : 0);
    return nr_emu_record(handle->stream, line) ? Ok : ExecutionFailed;
}

enum class Direction { Forward, InputGradient, FilterGradient };

// Algorithms of one direction differ in the time that they say they take; the first proposal is never the fastest.
float time_of(Direction direction, int algorithm, const Tensor& x, const Filter& w, const Convolution& d, const Tensor& y)
{
    constexpr float weights[3][4] = { { 3, 2, 1, 9 }, { 3, 1, 9, 9 }, { 2, 3, 9, 1 } };
    const double products = static_cast<double>(y.count()) * w.c * w.h * w.w;
    return microseconds_of(products, weights[static_cast<int>(direction)][algorithm], x.type != 0 || d.math != 3);
}

template <class F> int queue(Handle* handle, float microseconds, F work)
{
    return enqueue(handle->stream, microseconds, std::move(work)) ? Ok : ExecutionFailed;
}

// Algorithms 0 and 3 of the gradients add atomically: 0 is proposed first, and neither is deterministic. The last of all is one that
// does not work for the shape, as cuDNN lists those, too.
int plans(int requested, int* returned, Plan* results, std::initializer_list<int> algorithms, int math, bool gradient = false)
{
    if (requested < 1 || !returned || !results) return refuse(BadParam, "nothing is asked for");
    *returned = 0;
    for (int algorithm : algorithms)
        if (*returned < requested)
            results[(*returned)++] = {
                algorithm, Ok, -1, workspace_of(algorithm), gradient && (algorithm == 0 || algorithm == 3) ? 0 : 1, math, {}};
    if (*returned < requested) results[(*returned)++] = { 5, NotSupported, -1, 0, 1, math, {} };
    return Ok;
}

template <class T> int create(T** made) { *made = new T; return Ok; }
template <class T> int destroy(T* it) { delete it; return Ok; }

} // namespace

API size_t cudnnGetVersion() { return 91002; }
API size_t cudnnGetCudartVersion() { return 12080; }
API int cudnnGetProperty(int type, int* value)
{
    if (type < 0 || type > 2) return BadParam;
    *value = type == 0 ? 9 : type == 1 ? 10 : 2;
    return Ok;
}
API const char* cudnnGetErrorString(int status)
{
    switch (status / 1000 * 1000 == 1000 ? status : status / 1000 * 1000)
    {
    case Ok: return "CUDNN_STATUS_SUCCESS";
    case NotInitialized: return "CUDNN_STATUS_NOT_INITIALIZED";
    case BadParam: return "CUDNN_STATUS_BAD_PARAM";
    case NotSupported: return "CUDNN_STATUS_NOT_SUPPORTED";
    case ExecutionFailed: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS_INTERNAL_ERROR";
    }
}
API void cudnnGetLastErrorString(char* message, size_t bytes) { std::snprintf(message, bytes, "%s", t_last_error.c_str()); }

API int cudnnCreate(Handle** handle) { return create(handle); }
API int cudnnDestroy(Handle* handle) { return destroy(handle); }
API int cudnnSetStream(Handle* handle, void* stream)
{
    if (!handle) return NotInitialized;
    handle->stream = stream;
    return Ok;
}
API int cudnnCreateTensorDescriptor(Tensor** t) { return create(t); }
API int cudnnDestroyTensorDescriptor(Tensor* t) { return destroy(t); }
API int cudnnSetTensor4dDescriptor(Tensor* t, int format, int type, int n, int c, int h, int w)
{
    return t ? layout(*t, format, type, n, c, h, w) : BadParam;
}
API int cudnnCreateFilterDescriptor(Filter** f) { return create(f); }
API int cudnnDestroyFilterDescriptor(Filter* f) { return destroy(f); }
API int cudnnSetFilter4dDescriptor(Filter* f, int type, int format, int k, int c, int h, int w)
{
    if (!f) return BadParam;
    f->format = format;
    return layout(*f, format, type, k, c, h, w);
}
API int cudnnCreateConvolutionDescriptor(Convolution** d) { return create(d); }
API int cudnnDestroyConvolutionDescriptor(Convolution* d) { return destroy(d); }
API int cudnnSetConvolution2dDescriptor(
    Convolution* d, int pad_h, int pad_w, int stride_h, int stride_w, int dilation_h, int dilation_w, int mode, int compute)
{
    if (!d || pad_h < 0 || pad_w < 0 || stride_h <= 0 || stride_w <= 0 || dilation_h <= 0 || dilation_w <= 0 || mode < 0 || mode > 1)
        return refuse(BadParam, "padding, stride, dilation or mode");
    if (compute == 9) return refuse(BadParam, "compute type BFLOAT16: bf16 convolutions sum in FLOAT");
    *d = { true, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, mode, compute };
    return Ok;
}
API int cudnnSetConvolutionMathType(Convolution* d, int math)
{
    if (!d || math < 0 || math > 3) return refuse(BadParam, "math type 0 .. 3");
    d->math = math;
    return Ok;
}
API int cudnnSetConvolutionGroupCount(Convolution* d, int groups)
{
    if (!d || groups < 1) return BadParam;
    d->groups = groups;
    return Ok;
}
API int cudnnGetConvolution2dForwardOutputDim(const Convolution* d, const Tensor* x, const Filter* w, int* n, int* c, int* h, int* wide)
{
    if (!d || !x || !w || x->c != w->c) return BadParam;
    *n = x->n;
    *c = w->n;
    *h = (x->h + 2 * d->pad_h - ((w->h - 1) * d->dilation_h + 1)) / d->stride_h + 1;
    *wide = (x->w + 2 * d->pad_w - ((w->w - 1) * d->dilation_w + 1)) / d->stride_w + 1;
    return Ok;
}
API int cudnnCreateActivationDescriptor(Activation** a) { return create(a); }
API int cudnnDestroyActivationDescriptor(Activation* a) { return destroy(a); }
API int cudnnSetActivationDescriptor(Activation* a, int mode, int, double)
{
    if (!a || mode < 0 || mode > 6) return BadParam;
    *a = { true, mode };
    return Ok;
}

API int cudnnGetConvolutionForwardAlgorithm_v7(
    Handle* handle, const Tensor* x, const Filter* w, const Convolution* d, const Tensor* y, int requested, int* returned, Plan* results)
{
    if (const int status = consistent(handle, x, w, d, y)) return status;
    return plans(requested, returned, results, { 1, 0, 2 }, d->math);
}
API int cudnnGetConvolutionBackwardDataAlgorithm_v7(
    Handle* handle, const Filter* w, const Tensor* dy, const Convolution* d, const Tensor* dx, int requested, int* returned, Plan* results)
{
    if (const int status = consistent(handle, dx, w, d, dy)) return status;
    return plans(requested, returned, results, { 0, 1 }, d->math, true);
}
API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    Handle* handle, const Tensor* x, const Tensor* dy, const Convolution* d, const Filter* dw, int requested, int* returned, Plan* results)
{
    if (const int status = consistent(handle, x, dw, d, dy)) return status;
    return plans(requested, returned, results, { 0, 1, 3 }, d->math, true);
}
API int cudnnGetConvolutionForwardWorkspaceSize(
    Handle* handle, const Tensor* x, const Filter* w, const Convolution* d, const Tensor* y, int algorithm, size_t* bytes)
{
    if (const int status = consistent(handle, x, w, d, y)) return status;
    if (algorithm < 0 || algorithm > 2) return refuse(NotSupported, "algorithm 0, 1 or 2");
    *bytes = workspace_of(algorithm);
    return Ok;
}

API int cudnnConvolutionForward(Handle* handle, const float* alpha, const Tensor* tx, const void* x, const Filter* tw, const void* w,
    const Convolution* d, int algorithm, void* workspace, size_t workspace_bytes, const float* beta, const Tensor* ty, void* y)
{
    if (const int status = consistent(handle, tx, tw, d, ty)) return status;
    if (misplaced(x) || misplaced(w) || misplaced(y)) return refuse(BadParam, "a tensor is not aligned to 16 bytes");
    if (!alpha || !beta || !x || !w || !y || algorithm < 0 || algorithm > 2)
        return refuse(BadParam, "a pointer is null or the algorithm is not 0, 1 or 2");
    if (const int status = check_workspace(algorithm, workspace, workspace_bytes)) return status;
    if (nr_emu_recording()) return record(handle, "forward", *tx, *tw, *d, *ty);
    return queue(handle, time_of(Direction::Forward, algorithm, *tx, *tw, *d, *ty),
        [=, tx = *tx, tw = *tw, d = *d, ty = *ty, alpha = *alpha, beta = *beta]() -> const char*
        {
        if (const char* wrong = readable(x, tx)) return wrong;
        if (const char* wrong = readable(w, tw)) return wrong;
        if (const char* wrong = beta == 0 ? writable(y, ty) : readable(y, ty)) return wrong;
        if (const char* wrong = nr_emu_examine(workspace, workspace_of(algorithm), true)) return wrong;
        finish(y, ty, convolve(shape_of(tx, tw, d, ty), values(x, tx, &d), values(w, tw, &d)), alpha, beta);
        return nullptr;
    });
}

API int cudnnConvolutionBackwardData(Handle* handle, const float* alpha, const Filter* tw, const void* w, const Tensor* tdy, const void* dy,
    const Convolution* d, int algorithm, void* workspace, size_t workspace_bytes, const float* beta, const Tensor* tdx, void* dx)
{
    if (const int status = consistent(handle, tdx, tw, d, tdy)) return status;
    if (misplaced(w) || misplaced(dy) || misplaced(dx)) return refuse(BadParam, "a tensor is not aligned to 16 bytes");
    if (!alpha || !beta || !w || !dy || !dx || algorithm < 0 || algorithm > 1)
        return refuse(BadParam, "a pointer is null or the algorithm is not 0 or 1");
    if (const int status = check_workspace(algorithm, workspace, workspace_bytes)) return status;
    if (nr_emu_recording()) return record(handle, "data", *tdx, *tw, *d, *tdy);
    return queue(handle, time_of(Direction::InputGradient, algorithm, *tdx, *tw, *d, *tdy),
        [=, tw = *tw, tdy = *tdy, d = *d, tdx = *tdx, alpha = *alpha, beta = *beta]() -> const char*
        {
        if (const char* wrong = readable(w, tw)) return wrong;
        if (const char* wrong = readable(dy, tdy)) return wrong;
        if (const char* wrong = beta == 0 ? writable(dx, tdx) : readable(dx, tdx)) return wrong;
        if (const char* wrong = nr_emu_examine(workspace, workspace_of(algorithm), true)) return wrong;
        finish(dx, tdx, input_gradient(shape_of(tdx, tw, d, tdy), values(w, tw, &d), values(dy, tdy, &d)), alpha, beta);
        return nullptr;
    });
}

API int cudnnConvolutionBackwardFilter(Handle* handle, const float* alpha, const Tensor* tx, const void* x, const Tensor* tdy,
    const void* dy, const Convolution* d, int algorithm, void* workspace, size_t workspace_bytes, const float* beta, const Filter* tdw,
    void* dw)
{
    if (const int status = consistent(handle, tx, tdw, d, tdy)) return status;
    if (misplaced(x) || misplaced(dy) || misplaced(dw)) return refuse(BadParam, "a tensor is not aligned to 16 bytes");
    if (!alpha || !beta || !x || !dy || !dw || (algorithm != 0 && algorithm != 1 && algorithm != 3))
        return refuse(BadParam, "a pointer is null or the algorithm is not 0, 1 or 3");
    if (const int status = check_workspace(algorithm, workspace, workspace_bytes)) return status;
    if (nr_emu_recording()) return record(handle, "filter", *tx, *tdw, *d, *tdy);
    return queue(handle, time_of(Direction::FilterGradient, algorithm, *tx, *tdw, *d, *tdy),
        [=, tx = *tx, tdy = *tdy, d = *d, tdw = *tdw, alpha = *alpha, beta = *beta]() -> const char*
        {
        if (const char* wrong = readable(x, tx)) return wrong;
        if (const char* wrong = readable(dy, tdy)) return wrong;
        if (const char* wrong = beta == 0 ? writable(dw, tdw) : readable(dw, tdw)) return wrong;
        if (const char* wrong = nr_emu_examine(workspace, workspace_of(algorithm), true)) return wrong;
        // Atomic additions come in no order of their own: here in two, which is enough to give other bits; under a random order by turns.
        static std::atomic<unsigned> turn;
        const bool unordered = algorithm != 1 && !nr_emu_forward_order() && (!nr_emu_random_order() || turn++ % 2 == 0);
        auto sums = filter_gradient(shape_of(tx, tdw, d, tdy), values(x, tx, &d), values(dy, tdy, &d), unordered);
        if (algorithm == nr_emu_wrong_filter_gradient())
            for (float& sum : sums) sum *= 1.001f;
        finish(dw, tdw, sums, alpha, beta);
        return nullptr;
    });
}

API int cudnnConvolutionBackwardBias(
    Handle* handle, const float* alpha, const Tensor* tdy, const void* dy, const float* beta, const Tensor* tdb, void* db)
{
    if (!handle) return NotInitialized;
    if (!alpha || !beta || !tdy || !tdb || !dy || !db || tdb->c != tdy->c || tdb->n != 1 || tdb->h != 1 || tdb->w != 1)
        return refuse(BadParam, "a bias is [1, C, 1, 1]");
    if (nr_emu_recording())
    {
        const std::string line = "bias\t" + std::to_string(tdy->count() * bytes_of_type(tdy->type));
        return nr_emu_record(handle->stream, line.c_str()) ? Ok : ExecutionFailed;
    }
    return queue(handle, 1, [=, tdy = *tdy, tdb = *tdb, alpha = *alpha, beta = *beta]() -> const char* {
        if (const char* wrong = readable(dy, tdy)) return wrong;
        if (const char* wrong = beta == 0 ? writable(db, tdb) : readable(db, tdb)) return wrong;
        const auto vdy = values(dy, tdy);
        std::vector<float> sums(tdb.count());
        for (size_t i = 0; i < vdy.size(); i++) sums[i % sums.size()] += vdy[i];
        finish(db, tdb, sums, alpha, beta);
        return nullptr;
    });
}

API int cudnnConvolutionBiasActivationForward(Handle* handle, const float* alpha1, const Tensor* tx, const void* x, const Filter* tw,
    const void* w, const Convolution* d, int algorithm, void* workspace, size_t workspace_bytes, const float* alpha2, const Tensor* tz,
    const void* z, const Tensor* tb, const void* bias, const Activation* activation, const Tensor* ty, void* y)
{
    if (const int status = consistent(handle, tx, tw, d, ty)) return status;
    if (!alpha1 || !alpha2 || !tz || !z || !tb || !bias || !activation || !activation->set || !x || !w || !y)
        return refuse(BadParam, "a pointer or descriptor is null");
    if (tb->n != 1 || tb->c != ty->c || tb->h != 1 || tb->w != 1 || tb->type != ty->type)
        return refuse(BadParam, "a bias is [1, C, 1, 1] of y's type");
    if (tz->n != ty->n || tz->c != ty->c || tz->h != ty->h || tz->w != ty->w || tz->type != ty->type || tz->stride_c != ty->stride_c)
        return refuse(BadParam, "z is not like y");
    if (activation->mode != 1 && activation->mode != 5) return refuse(NotSupported, "activation: RELU 1 or IDENTITY 5");
    if (activation->mode == 5 && algorithm != 1) return refuse(NotSupported, "IDENTITY needs algorithm 1");
    if (algorithm < 0 || algorithm > 2) return refuse(NotSupported, "algorithm 0, 1 or 2");
    if (misplaced(x) || misplaced(w) || misplaced(y) || misplaced(z)) return refuse(BadParam, "a tensor is not aligned to 16 bytes");
    if (const int status = check_workspace(algorithm, workspace, workspace_bytes)) return status;
    if (nr_emu_recording()) return record(handle, "forward", *tx, *tw, *d, *ty, *alpha2 != 0);
    return queue(handle, time_of(Direction::Forward, algorithm, *tx, *tw, *d, *ty),
        [=, tx = *tx, tw = *tw, d = *d, ty = *ty, tz = *tz, tb = *tb, mode = activation->mode, alpha1 = *alpha1,
            alpha2 = *alpha2]() -> const char*
        {
        if (const char* wrong = readable(x, tx)) return wrong;
        if (const char* wrong = readable(w, tw)) return wrong;
        if (const char* wrong = readable(bias, tb)) return wrong;
        if (alpha2 != 0)
            if (const char* wrong = readable(z, tz)) return wrong;
        if (const char* wrong = writable(y, ty)) return wrong;
        if (const char* wrong = nr_emu_examine(workspace, workspace_of(algorithm), true)) return wrong;
        auto sums = convolve(shape_of(tx, tw, d, ty), values(x, tx, &d), values(w, tw, &d));
        const auto vb = values(bias, tb), vz = alpha2 != 0 ? values(z, tz) : std::vector<float>();
        for (size_t i = 0; i < sums.size(); i++)
        {
            const float value = alpha1 * sums[i] + (alpha2 != 0 ? alpha2 * vz[i] : 0) + vb[i % vb.size()];
            sums[i] = mode == 1 && value < 0 ? 0 : value;
        }
        finish(y, ty, sums, 1, 0);
        return nullptr;
    });
}
