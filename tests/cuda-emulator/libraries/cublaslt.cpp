// libcublasLt.so.12: Matmul for column-major matrices with the epilogues bias, relu, gelu (tanh form), their auxiliary, backward and
// bias-gradient forms.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "matrix.h"

using namespace nr_emu;

namespace {

enum Status : int { Ok = 0, NotInitialized = 1, InvalidValue = 7, ExecutionFailed = 13, NotSupported = 15 };

// Epilogue bits: relu 2, bias 4, gelu 32, auxiliary 128, gradient of relu 8, of gelu 64, bias gradient 16, of A 256, of B 512.
enum Bit : uint32_t
{
    Relu = 2,
    Bias = 4,
    ReluGradient = 8,
    BiasGradient = 16,
    Gelu = 32,
    GeluGradient = 64,
    Auxiliary = 128,
    GradientA = 256,
    GradientB = 512,
};
constexpr uint32_t Epilogues[] = { 1, 2, 4, 6, 32, 36, 130, 134, 136, 152, 160, 164, 192, 208, 256, 512 };

struct Description
{
    int compute, scale;
    int32_t pointer_mode = 0, op_a = 0, op_b = 0, op_c = 0;
    uint32_t epilogue = 1;
    void* bias = nullptr;
    void* auxiliary = nullptr;
    int64_t auxiliary_leading = 0, auxiliary_stride = 0;
    int32_t multiprocessors = 0, bias_type = -1, auxiliary_type = -1;
};

struct Layout
{
    int32_t type;
    uint64_t rows, columns;
    int64_t leading;
    int32_t order = 0, batches = 1;
    int64_t stride = 0;
};

struct Preference
{
    uint32_t search = 0;
    uint64_t workspace = 0;
    uint32_t alignment[4] = { 256, 256, 256, 256 };
};

struct Algorithm
{
    uint64_t words[8];
};

constexpr int Proposals = 3;

struct Heuristic
{
    Algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
static_assert(sizeof(Heuristic) == 96);

template <class T> int set(T& field, const void* value, size_t bytes)
{
    if (bytes != sizeof field || !value) return InvalidValue;
    std::memcpy(&field, value, bytes);
    return Ok;
}

float gelu(float x) { return 0.5f * x * (1 + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x))); }
float gelu_slope(float x)
{
    const float t = std::tanh(0.7978845608f * (x + 0.044715f * x * x * x));
    return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * 0.7978845608f * (1 + 3 * 0.044715f * x * x);
}

struct Shape { size_t m, n, k, batches; Element ab, cd; };

// Ok and the product's sizes, or the status that the real library answers with.
int shape_of(const Description& d, const Layout& a, const Layout& b, const Layout& c, const Layout& out, Shape& s)
{
    Element eb, eo;
    if (!element_of(a.type, s.ab) || !element_of(b.type, eb) || !element_of(c.type, s.cd) || !element_of(out.type, eo)) return NotSupported;
    if (s.ab != eb || s.cd != eo || (s.cd != s.ab && s.cd != Element::F32) || !compute_fits(d.compute, s.ab) || d.scale != 0)
        return NotSupported;
    if (a.order || b.order || c.order || out.order || d.op_c) return NotSupported; // column-major only
    for (const Layout* l : { &a, &b, &c, &out })
        if (l->leading < static_cast<int64_t>(l->rows) || l->batches != out.batches || l->batches < 1) return InvalidValue;
    s.m = out.rows;
    s.n = out.columns;
    s.k = d.op_a ? a.rows : a.columns;
    s.batches = static_cast<size_t>(out.batches);
    if ((d.op_a ? a.columns : a.rows) != s.m || (d.op_b ? b.rows : b.columns) != s.n || (d.op_b ? b.columns : b.rows) != s.k
        || c.rows != s.m || c.columns != s.n)
        return InvalidValue;
    if (s.m == 0 || s.n == 0 || s.k == 0) return InvalidValue;
    if (std::find(std::begin(Epilogues), std::end(Epilogues), d.epilogue) == std::end(Epilogues)) return NotSupported;
    if (d.epilogue != 1 && d.epilogue & (BiasGradient | GradientA | GradientB) && !nr_emu_bias_gradients()) return NotSupported;
    return Ok;
}

} // namespace

API int cublasLtCreate(void** handle) { *handle = new int; return Ok; }
API int cublasLtDestroy(void* handle) { delete static_cast<int*>(handle); return Ok; }
API size_t cublasLtGetVersion() { return 120804; }

API int cublasLtMatmulDescCreate(Description** description, int compute, int scale)
{
    *description = new Description{ compute, scale };
    return Ok;
}
API int cublasLtMatmulDescDestroy(Description* description) { delete description; return Ok; }
API int cublasLtMatmulDescSetAttribute(Description* d, int attribute, const void* value, size_t bytes)
{
    switch (attribute)
    {
    case 2: return set(d->pointer_mode, value, bytes) ? InvalidValue : d->pointer_mode ? NotSupported : Ok;
    case 3: return set(d->op_a, value, bytes);
    case 4: return set(d->op_b, value, bytes);
    case 5: return set(d->op_c, value, bytes);
    case 7: return set(d->epilogue, value, bytes);
    case 8: return set(d->bias, value, bytes);
    case 11: return set(d->auxiliary, value, bytes);
    case 12: return set(d->auxiliary_leading, value, bytes);
    case 13: return set(d->auxiliary_stride, value, bytes);
    case 15: return set(d->multiprocessors, value, bytes);
    case 22: return bytes == 1 ? Ok : InvalidValue; // fast accumulation: for FP8
    case 26: return set(d->bias_type, value, bytes);
    default: return InvalidValue;
    }
}

API int cublasLtMatrixLayoutCreate(Layout** layout, int type, uint64_t rows, uint64_t columns, int64_t leading)
{
    *layout = new Layout{ type, rows, columns, leading };
    return Ok;
}
API int cublasLtMatrixLayoutDestroy(Layout* layout) { delete layout; return Ok; }
API int cublasLtMatrixLayoutSetAttribute(Layout* l, int attribute, const void* value, size_t bytes)
{
    switch (attribute)
    {
    case 0: return set(l->type, value, bytes);
    case 1: return set(l->order, value, bytes);
    case 2: return set(l->rows, value, bytes);
    case 3: return set(l->columns, value, bytes);
    case 4: return set(l->leading, value, bytes);
    case 5: return set(l->batches, value, bytes);
    case 6: return set(l->stride, value, bytes);
    default: return InvalidValue;
    }
}

API int cublasLtMatmulPreferenceCreate(Preference** preference) { *preference = new Preference; return Ok; }
API int cublasLtMatmulPreferenceDestroy(Preference* preference) { delete preference; return Ok; }
API int cublasLtMatmulPreferenceSetAttribute(Preference* p, int attribute, const void* value, size_t bytes)
{
    switch (attribute)
    {
    case 0: return set(p->search, value, bytes);
    case 1: return set(p->workspace, value, bytes);
    case 5: case 6: case 7: case 8: return set(p->alignment[attribute - 5], value, bytes);
    default: return InvalidValue;
    }
}

API int cublasLtMatmulAlgoGetHeuristic(void* handle, Description* d, Layout* a, Layout* b, Layout* c, Layout* out, Preference* preference,
    int requested, Heuristic* results, int* returned)
{
    if (!handle) return NotInitialized;
    if (!d || !a || !b || !c || !out || !preference || !results || requested < 1) return InvalidValue;
    *returned = 0;
    Shape s;
    if (const int status = shape_of(*d, *a, *b, *c, *out, s)) return status;
    for (int which = 0; which < std::min(requested, Proposals); which++)
    {
        Heuristic result{};
        // Leave a mark of what was promised about alignment: Matmul holds the pointers to it.
        result.algorithm.words[0] = 0x6e725f656d75;
        for (int i = 0; i < 4; i++) result.algorithm.words[1 + i] = preference->alignment[i];
        result.workspace = std::min<uint64_t>(preference->workspace, 4096);
        result.algorithm.words[5] = result.workspace;
        result.algorithm.words[6] = static_cast<uint64_t>(which);
        result.waves = 1;
        results[which] = result;
        (*returned)++;
    }
    return Ok;
}

API int cublasLtMatmul(void* handle, Description* d, const float* alpha, const void* a, Layout* la, const void* b, Layout* lb,
    const float* beta, const void* c, Layout* lc, void* out, Layout* lo, const Algorithm* algorithm, void* workspace,
    size_t workspace_bytes, void* stream)
{
    if (!handle) return NotInitialized;
    if (!d || !la || !lb || !lc || !lo || !alpha || !beta || !a || !b || !out) return InvalidValue;
    Shape s;
    if (const int status = shape_of(*d, *la, *lb, *lc, *lo, s)) return status;
    if (*beta != 0 && !c) return InvalidValue;
    if (c == out && (lc->leading != lo->leading || lc->stride != lo->stride)) return InvalidValue;
    const void* pointers[] = { a, b, c, out };
    for (const void* pointer : pointers)
        if (pointer && reinterpret_cast<uintptr_t>(pointer) % bytes_of(pointer == a || pointer == b ? s.ab : s.cd)) return InvalidValue;
    for (int i = 0; i < 4; i++)
        if (algorithm && pointers[i] && reinterpret_cast<uintptr_t>(pointers[i]) % algorithm->words[1 + i])
        {
            nr_emu_report("cublasLtMatmul: a pointer is less aligned than the heuristic was told");
            return InvalidValue;
        }
    if (algorithm && (algorithm->words[0] != 0x6e725f656d75 || workspace_bytes < algorithm->words[5])) return InvalidValue;
    if (workspace_bytes > 0 && (!workspace || reinterpret_cast<uintptr_t>(workspace) % 16)) return InvalidValue;
    if (algorithm && algorithm->words[6] >= Proposals) return InvalidValue;
    // The second proposal is the fastest.
    const float weights[Proposals] = { 2, 1, 3 };
    const float time = microseconds_of(static_cast<double>(s.m * s.n) * static_cast<double>(s.k * s.batches),
        weights[algorithm ? algorithm->words[6] : 0], d->compute == 77 || s.ab != Element::F32);
    const uint32_t e = d->epilogue;
    const bool biased = e != 1 && e & (Bias | BiasGradient | GradientA | GradientB), auxiliary = e & Auxiliary;
    if ((biased && !d->bias) || (auxiliary && !d->auxiliary)) return InvalidValue;
    const bool bits = e & (Relu | ReluGradient); // relu's auxiliary is one bit for each element, 128 to the leading dimension
    if (auxiliary
        && (d->auxiliary_leading < static_cast<int64_t>(s.m) || (bits ? d->auxiliary_leading % 128 : d->auxiliary_leading % 8) != 0))
        return InvalidValue;
    if (auxiliary && reinterpret_cast<uintptr_t>(d->auxiliary) % 16) return InvalidValue;
    Element bias_type = s.cd;
    if (d->bias_type != -1 && (!element_of(d->bias_type, bias_type) || bias_type != s.cd))
        return NotSupported; // another type than D's is for FP8

    if (nr_emu_recording())
    {
        char line[160];
        std::snprintf(line, sizeof line, "product\t%zu %zu %zu %zu\t%zu %zu\t%d\t%u\t%d %d\t%zu", s.m, s.n, s.k, s.batches, bytes_of(s.ab),
            bytes_of(s.cd), d->compute, e, d->op_a, d->op_b, *beta != 0 ? s.m * s.n * s.batches * bytes_of(s.cd) : 0);
        return nr_emu_record(stream, line) ? Ok : ExecutionFailed;
    }

    const Matrix ma{ const_cast<void*>(a), s.ab, la->rows, la->columns, la->leading, la->stride },
        mb{ const_cast<void*>(b), s.ab, lb->rows, lb->columns, lb->leading, lb->stride },
        mc{ const_cast<void*>(c), s.cd, s.m, s.n, lc->leading, lc->stride };
    const bool queued = enqueue(stream, time,
        [=, d = *d, alpha = *alpha, beta = *beta, mo = Matrix{ out, s.cd, s.m, s.n, lo->leading, lo->stride }]() mutable -> const char*
        {
        if (const char* wrong = examine_matrix(ma, s.batches, false)) return wrong;
        if (const char* wrong = examine_matrix(mb, s.batches, false)) return wrong;
        if (beta != 0)
            if (const char* wrong = examine_matrix(mc, s.batches, false)) return wrong;
        if (const char* wrong = examine_matrix(mo, s.batches, true)) return wrong;
        const size_t bias_count = e & GradientB ? s.n : s.m;
        const bool writes_bias = e & (BiasGradient | GradientA | GradientB);
        if (biased)
            if (const char* wrong = nr_emu_examine(d.bias, bias_count * bytes_of(bias_type), writes_bias)) return wrong;
        const bool reads_auxiliary = e & (ReluGradient | GeluGradient);
        const size_t auxiliary_column =
            bits ? static_cast<size_t>(d.auxiliary_leading) / 8 : static_cast<size_t>(d.auxiliary_leading) * bytes_of(s.cd);
        const size_t auxiliary_used = bits ? (s.m + 7) / 8 : s.m * bytes_of(s.cd);
        for (size_t column = 0; auxiliary && column < s.n; column++)
            if (const char* wrong =
                    nr_emu_examine(static_cast<char*>(d.auxiliary) + column * auxiliary_column, auxiliary_used, !reads_auxiliary))
                return wrong;
        std::vector<float> gradient(bias_count);
        if (e & (GradientA | GradientB))
            for (size_t i = 0; i < bias_count; i++)
                for (size_t p = 0; p < s.k; p++)
                    gradient[i] += e & GradientA ? load(a, s.ab, d.op_a ? ma.index(p, i) : ma.index(i, p))
                                                 : load(b, s.ab, d.op_b ? mb.index(i, p) : mb.index(p, i));
        for (size_t batch = 0; batch < s.batches; batch++)
        {
            const auto sum = product(ma, d.op_a, mb, d.op_b, s.m, s.n, s.k, batch, d.compute == 77);
            for (size_t j = 0; j < s.n; j++)
                for (size_t i = 0; i < s.m; i++)
                {
                    float value = alpha * sum[i + j * s.m] + (beta == 0 ? 0 : beta * load(mc.at(batch), s.cd, mc.index(i, j)));
                    auto* extra = static_cast<char*>(d.auxiliary) + j * auxiliary_column;
                    if (e & Bias) value += load(d.bias, bias_type, i);
                    if (e & ReluGradient) value = extra[i / 8] >> (i % 8) & 1 ? value : 0;
                    else if (e & GeluGradient) value *= gelu_slope(load(extra, s.cd, i));
                    else if (e & Relu)
                    {
                        if (auxiliary) extra[i / 8] = static_cast<char>((extra[i / 8] & ~(1 << (i % 8))) | (value > 0 ? 1 << (i % 8) : 0));
                        value = value > 0 ? value : 0;
                    }
                    else if (e & Gelu)
                    {
                        if (auxiliary) store(extra, s.cd, i, value);
                        value = gelu(value);
                    }
                    if (e & BiasGradient) gradient[i] += value;
                    store(mo.at(batch), s.cd, mo.index(i, j), value);
                }
        }
        written_matrix(mo, s.batches);
        for (size_t column = 0; auxiliary && !reads_auxiliary && column < s.n; column++)
            nr_emu_written(static_cast<char*>(d.auxiliary) + column * auxiliary_column, auxiliary_used);
        if (writes_bias)
        {
            for (size_t i = 0; i < bias_count; i++) store(d.bias, bias_type, i, gradient[i]);
            nr_emu_written(d.bias, bias_count * bytes_of(bias_type));
        }
        return nullptr;
    });
    return queued ? Ok : ExecutionFailed;
}
