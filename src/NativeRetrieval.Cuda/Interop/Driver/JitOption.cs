namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Options of cuModuleLoadDataEx; those that return the compiler's messages.</summary>
[NativeName("CUjit_option")]
internal enum JitOption
{
    [NativeName("CU_JIT_ERROR_LOG_BUFFER")] ErrorLogBuffer = 5,
    [NativeName("CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES")] ErrorLogBufferBytes = 6,
}
