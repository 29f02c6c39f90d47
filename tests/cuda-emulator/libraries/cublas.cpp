// libcublas.so.12: versions and the names of statuses. Matrix products are computed by libcublasLt.so.12.
#include "support.h"

namespace {

enum Status : int { Ok = 0, NotInitialized = 1, InvalidValue = 7, ExecutionFailed = 13, NotSupported = 15 };

} // namespace

API int cublasGetVersion_v2(void*, int* version) { *version = 120804; return Ok; }
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
