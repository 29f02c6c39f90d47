namespace NativeRetrieval.Cuda.Interop.Driver;

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
