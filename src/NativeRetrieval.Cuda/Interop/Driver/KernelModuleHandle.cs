using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>A loaded kernel image; its functions die with it.</summary>
[NativeName("CUmodule")]
internal sealed class KernelModuleHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuModuleUnload(handle) == DriverResult.Success;
}

/// <summary>Options of cuModuleLoadDataEx; those that return the compiler's messages.</summary>
[NativeName("CUjit_option")]
internal enum JitOption
{
    [NativeName("CU_JIT_ERROR_LOG_BUFFER")] ErrorLogBuffer = 5,
    [NativeName("CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES")] ErrorLogBufferBytes = 6,
}

/// <summary>Attributes that cuFuncSetAttribute sets; a selection.</summary>
[NativeName("CUfunction_attribute")]
internal enum FunctionAttribute
{
    [NativeName("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES")] MaxDynamicSharedBytes = 8,
}
