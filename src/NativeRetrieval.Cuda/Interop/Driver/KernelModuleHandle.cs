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

/// <summary>What cuFuncGetAttribute and cuFuncSetAttribute deal with; a selection.</summary>
[NativeName("CUfunction_attribute")]
internal enum FunctionAttribute
{
    [NativeName("CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK")] MaxThreadsPerBlock = 0,
    [NativeName("CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES")] StaticSharedBytes = 1,
    [NativeName("CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES")] LocalBytes = 3,
    [NativeName("CU_FUNC_ATTRIBUTE_NUM_REGS")] Registers = 4,
    [NativeName("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES")] MaxDynamicSharedBytes = 8,
}
