namespace NativeRetrieval.Cuda.Interop.Nvrtc;

/// <summary>What NVRTC answers.</summary>
[NativeName("nvrtcResult")]
internal enum NvrtcResult
{
    [NativeName("NVRTC_SUCCESS")] Success = 0,
    [NativeName("NVRTC_ERROR_OUT_OF_MEMORY")] OutOfMemory = 1,
    [NativeName("NVRTC_ERROR_PROGRAM_CREATION_FAILURE")] ProgramCreationFailure = 2,
    [NativeName("NVRTC_ERROR_INVALID_INPUT")] InvalidInput = 3,
    [NativeName("NVRTC_ERROR_INVALID_PROGRAM")] InvalidProgram = 4,
    [NativeName("NVRTC_ERROR_INVALID_OPTION")] InvalidOption = 5,
    [NativeName("NVRTC_ERROR_COMPILATION")] Compilation = 6,
    [NativeName("NVRTC_ERROR_BUILTIN_OPERATION_FAILURE")] BuiltinOperationFailure = 7,
    [NativeName("NVRTC_ERROR_INTERNAL_ERROR")] InternalError = 11,
}
