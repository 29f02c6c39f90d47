using System.Runtime.CompilerServices;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>Attributes that cuDeviceGetAttribute tells; a selection.</summary>
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

/// <summary>16 bytes that name one GPU, the same in every process; nvidia-smi prints them after <c>GPU-</c>.</summary>
[NativeName("CUuuid")]
internal struct DeviceUuid
{
    [NativeName("bytes")] public Bytes16 Bytes;

    [InlineArray(16)]
    internal struct Bytes16
    {
        byte _first;
    }

    /// <summary>The form in which nvidia-smi writes it: <c>GPU-5fd4f087-86f3-7a43-b711-4771313afc50</c>.</summary>
    public override string ToString() => $"GPU-{new Guid(Bytes, bigEndian: true)}";
}
