namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>What cuDeviceGetAttribute can be asked; a selection.</summary>
[NativeName("CUdevice_attribute")]
internal enum DeviceAttribute
{
    [NativeName("CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT")] MultiprocessorCount = 16,
    [NativeName("CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE")] L2CacheBytes = 38,
    [NativeName("CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT")] AsyncEngineCount = 40,
    [NativeName("CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR")] ComputeCapabilityMajor = 75,
    [NativeName("CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR")] ComputeCapabilityMinor = 76,
    [NativeName("CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR")] MaxSharedBytesPerMultiprocessor = 81,
    [NativeName("CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN")] MaxSharedBytesPerBlockOptIn = 97,
}
