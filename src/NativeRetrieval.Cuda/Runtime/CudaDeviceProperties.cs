using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>The name, architecture and sizes of a GPU.</summary>
public sealed record CudaDeviceProperties
{
    const int NameCapacity = 256;

    /// <summary>The number among the GPUs that this process may use, from 0.</summary>
    public required int Ordinal { get; init; }

    /// <summary>NVIDIA's name, e.g. <c>NVIDIA A100-SXM4-40GB</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The identifier that nvidia-smi lists: <c>GPU-</c> and a GUID.</summary>
    public required string Uuid { get; init; }

    /// <summary>The compute capability, e.g. 9.0, which decides which machine code runs.</summary>
    public required Version ComputeCapability { get; init; }

    /// <summary>The bytes of device memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The number of streaming multiprocessors.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>The most shared memory that a block may have after opting in, in bytes.</summary>
    public required int SharedBytesPerBlock { get; init; }

    /// <summary>The shared memory of a multiprocessor, in bytes.</summary>
    public required int SharedBytesPerMultiprocessor { get; init; }

    /// <summary>The size of the L2 cache, in bytes.</summary>
    public required int L2CacheBytes { get; init; }

    /// <summary>The number of copy engines: with one, transfers overlap computation; with two, also each other.</summary>
    public required int CopyEngines { get; init; }

    /// <summary>The compute capability as one number, e.g. 90.</summary>
    public int Architecture => ComputeCapability.Major * 10 + ComputeCapability.Minor;

    internal static unsafe CudaDeviceProperties Read(int device, int ordinal)
    {
        byte* name = stackalloc byte[NameCapacity];
        cuDeviceGetName(name, NameCapacity, device).ThrowIfFailed();
        cuDeviceTotalMem_v2(out nuint memory, device).ThrowIfFailed();
        cuDeviceGetUuid_v2(out var uuid, device).ThrowIfFailed();
        return new()
        {
            Ordinal = ordinal,
            Name = Marshal.PtrToStringUTF8((nint)name) ?? "",
            Uuid = uuid.ToString(),
            ComputeCapability = new(Ask(DeviceAttribute.ComputeCapabilityMajor), Ask(DeviceAttribute.ComputeCapabilityMinor)),
            MemoryBytes = checked((long)memory),
            Multiprocessors = Ask(DeviceAttribute.MultiprocessorCount),
            SharedBytesPerBlock = Ask(DeviceAttribute.MaxSharedBytesPerBlockOptIn),
            SharedBytesPerMultiprocessor = Ask(DeviceAttribute.MaxSharedBytesPerMultiprocessor),
            L2CacheBytes = Ask(DeviceAttribute.L2CacheBytes),
            CopyEngines = Ask(DeviceAttribute.AsyncEngineCount),
        };

        int Ask(DeviceAttribute attribute)
        {
            cuDeviceGetAttribute(out int value, attribute, device).ThrowIfFailed();
            return value;
        }
    }
}
