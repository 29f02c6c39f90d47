namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>
/// Results of driver calls: those that the program treats in their own way or that users meet. cuGetErrorName knows all.
/// </summary>
[NativeName("CUresult")]
internal enum DriverResult
{
    [NativeName("CUDA_SUCCESS")] Success = 0,
    [NativeName("CUDA_ERROR_INVALID_VALUE")] InvalidValue = 1,
    [NativeName("CUDA_ERROR_OUT_OF_MEMORY")] OutOfMemory = 2,
    [NativeName("CUDA_ERROR_NOT_INITIALIZED")] NotInitialized = 3,
    [NativeName("CUDA_ERROR_DEINITIALIZED")] Deinitialized = 4,
    [NativeName("CUDA_ERROR_STUB_LIBRARY")] StubLibrary = 34,
    [NativeName("CUDA_ERROR_DEVICE_UNAVAILABLE")] DeviceUnavailable = 46,
    [NativeName("CUDA_ERROR_NO_DEVICE")] NoDevice = 100,
    [NativeName("CUDA_ERROR_INVALID_DEVICE")] InvalidDevice = 101,
    [NativeName("CUDA_ERROR_INVALID_IMAGE")] InvalidImage = 200,
    [NativeName("CUDA_ERROR_INVALID_CONTEXT")] InvalidContext = 201,
    [NativeName("CUDA_ERROR_NO_BINARY_FOR_GPU")] NoBinaryForGpu = 209,
    [NativeName("CUDA_ERROR_ECC_UNCORRECTABLE")] EccUncorrectable = 214,
    [NativeName("CUDA_ERROR_INVALID_PTX")] InvalidPtx = 218,
    [NativeName("CUDA_ERROR_NVLINK_UNCORRECTABLE")] NvlinkUncorrectable = 220,
    [NativeName("CUDA_ERROR_UNSUPPORTED_PTX_VERSION")] UnsupportedPtxVersion = 222,
    [NativeName("CUDA_ERROR_CONTAINED")] Contained = 226,
    [NativeName("CUDA_ERROR_INVALID_HANDLE")] InvalidHandle = 400,
    [NativeName("CUDA_ERROR_NOT_FOUND")] NotFound = 500,
    [NativeName("CUDA_ERROR_NOT_READY")] NotReady = 600,
    [NativeName("CUDA_ERROR_ILLEGAL_ADDRESS")] IllegalAddress = 700,
    [NativeName("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES")] LaunchOutOfResources = 701,
    [NativeName("CUDA_ERROR_LAUNCH_TIMEOUT")] LaunchTimeout = 702,
    [NativeName("CUDA_ERROR_CONTEXT_IS_DESTROYED")] ContextIsDestroyed = 709,
    [NativeName("CUDA_ERROR_ASSERT")] Assert = 710,
    [NativeName("CUDA_ERROR_HARDWARE_STACK_ERROR")] HardwareStackError = 714,
    [NativeName("CUDA_ERROR_ILLEGAL_INSTRUCTION")] IllegalInstruction = 715,
    [NativeName("CUDA_ERROR_MISALIGNED_ADDRESS")] MisalignedAddress = 716,
    [NativeName("CUDA_ERROR_INVALID_ADDRESS_SPACE")] InvalidAddressSpace = 717,
    [NativeName("CUDA_ERROR_INVALID_PC")] InvalidProgramCounter = 718,
    [NativeName("CUDA_ERROR_LAUNCH_FAILED")] LaunchFailed = 719,
    [NativeName("CUDA_ERROR_TENSOR_MEMORY_LEAK")] TensorMemoryLeak = 721,
    [NativeName("CUDA_ERROR_SYSTEM_NOT_READY")] SystemNotReady = 802,
    [NativeName("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH")] SystemDriverMismatch = 803,
    [NativeName("CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE")] CompatibilityNotSupported = 804,
    [NativeName("CUDA_ERROR_UNKNOWN")] Unknown = 999,
}
