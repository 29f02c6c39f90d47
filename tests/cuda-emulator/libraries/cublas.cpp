// libcublas.so.12: GemmEx and GemmStridedBatchedEx with float sums and scalars on the host.
#include <algorithm>

#include "matrix.h"

using namespace nr_emu;

namespace {

enum Status : int { Ok = 0, NotInitialized = 1, InvalidValue = 7, ExecutionFailed = 13, NotSupported = 15 };

struct Handle { void* stream = nullptr; };

int gemm(Handle* handle, int op_a, int op_b, int m, int n, int k, const float* alpha, const void* a, int type_a, int lda, long long stride_a, const void* b, int type_b, int ldb,
         long long stride_b, const float* beta, void* c, int type_c, int ldc, long long stride_c, int batches, int compute)
{
    if (!handle) return NotInitialized;
    if (m < 0 || n < 0 || k < 0 || batches < 0 || !alpha || !beta || op_a < 0 || op_a > 2 || op_b < 0 || op_b > 2) return InvalidValue;
    if (lda < std::max(1, op_a ? k : m) || ldb < std::max(1, op_b ? n : k) || ldc < std::max(1, m)) return InvalidValue;
    Element ea, eb, ec;
    if (!element_of(type_a, ea) || !element_of(type_b, eb) || !element_of(type_c, ec)) return NotSupported;
    if (ea != eb || (ec != ea && ec != Element::F32) || !compute_fits(compute, ea)) return NotSupported;
    if (nr_emu_is_device_memory(alpha) || nr_emu_is_device_memory(beta))
    {
        nr_emu_report("cublasGemmEx: scalars in device memory are not implemented");
        return NotSupported;
    }
    if (m == 0 || n == 0 || batches == 0) return Ok;
    if (!c || (k > 0 && (!a || !b))) return InvalidValue;
    const auto rows = static_cast<size_t>(m), columns = static_cast<size_t>(n), inner = static_cast<size_t>(k), count = static_cast<size_t>(batches);
    const Matrix ma{ const_cast<void*>(a), ea, op_a ? inner : rows, op_a ? rows : inner, lda, stride_a };
    const Matrix mb{ const_cast<void*>(b), eb, op_b ? columns : inner, op_b ? inner : columns, ldb, stride_b };
    const bool queued = enqueue(handle->stream, [=, alpha = *alpha, beta = *beta, mc = Matrix{ c, ec, rows, columns, ldc, stride_c }]() mutable -> const char* {
        if (inner > 0)
        {
            if (const char* wrong = examine_matrix(ma, count, false)) return wrong;
            if (const char* wrong = examine_matrix(mb, count, false)) return wrong;
        }
        if (const char* wrong = examine_matrix(mc, count, beta == 0)) return wrong; // C is not read where beta is 0
        for (size_t batch = 0; batch < count; batch++)
        {
            const auto sum = product(ma, op_a, mb, op_b, rows, columns, inner, batch);
            void* target = mc.at(batch);
            for (size_t j = 0; j < columns; j++)
                for (size_t i = 0; i < rows; i++)
                    store(target, ec, mc.index(i, j), alpha * sum[i + j * rows] + (beta == 0 ? 0 : beta * load(target, ec, mc.index(i, j))));
        }
        written_matrix(mc, count);
        return nullptr;
    });
    return queued ? Ok : ExecutionFailed;
}

} // namespace

API int cublasCreate_v2(Handle** handle) { *handle = new Handle; return Ok; }
API int cublasDestroy_v2(Handle* handle) { delete handle; return Ok; }
API int cublasSetStream_v2(Handle* handle, void* stream)
{
    if (!handle) return NotInitialized;
    handle->stream = stream;
    return Ok;
}
API int cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t)
{
    if (!handle) return NotInitialized;
    return reinterpret_cast<uintptr_t>(workspace) % 256 ? InvalidValue : Ok;
}
API int cublasSetMathMode(Handle* handle, int) { return handle ? Ok : NotInitialized; }
API int cublasGetVersion_v2(Handle*, int* version) { *version = 120804; return Ok; }
API int cublasGetProperty(int type, int* value)
{
    if (type < 0 || type > 2) return InvalidValue;
    *value = type == 0 ? 12 : type == 1 ? 8 : 4;
    return Ok;
}
API const char* cublasGetStatusString(int status)
{
    switch (status)
    {
    case Ok: return "CUBLAS_STATUS_SUCCESS";
    case NotInitialized: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case InvalidValue: return "CUBLAS_STATUS_INVALID_VALUE";
    case ExecutionFailed: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case NotSupported: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "CUBLAS_STATUS_UNKNOWN";
    }
}
API int cublasGemmEx(Handle* handle, int op_a, int op_b, int m, int n, int k, const float* alpha, const void* a, int type_a, int lda, const void* b, int type_b, int ldb, const float* beta,
                     void* c, int type_c, int ldc, int compute, int)
{
    return gemm(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, 0, b, type_b, ldb, 0, beta, c, type_c, ldc, 0, 1, compute);
}
API int cublasGemmStridedBatchedEx(Handle* handle, int op_a, int op_b, int m, int n, int k, const float* alpha, const void* a, int type_a, int lda, long long stride_a, const void* b, int type_b,
                                   int ldb, long long stride_b, const float* beta, void* c, int type_c, int ldc, long long stride_c, int batches, int compute, int)
{
    return gemm(handle, op_a, op_b, m, n, k, alpha, a, type_a, lda, stride_a, b, type_b, ldb, stride_b, beta, c, type_c, ldc, stride_c, batches, compute);
}
