using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>What a GPU is and has.</summary>
public sealed record CudaDeviceProperties
{
    const int NameCapacity = 256;

    /// <summary>Number among the GPUs that this process may use.</summary>
    public required int Ordinal { get; init; }

    /// <summary>NVIDIA's name, e.g. <c>NVIDIA A100-SXM4-40GB</c>.</summary>
    public required string Name { get; init; }

    /// <summary>As nvidia-smi lists it: <c>GPU-…</c>.</summary>
    public required string Uuid { get; init; }

    /// <summary>Compute capability, e.g. 9.0; decides which machine code runs.</summary>
    public required Version ComputeCapability { get; init; }

    public required long MemoryBytes { get; init; }

    /// <summary>Streaming multiprocessors.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>The most dynamic shared memory that a block may have after opting in.</summary>
    public required int SharedBytesPerBlock { get; init; }

    public required int SharedBytesPerMultiprocessor { get; init; }

    public required int L2CacheBytes { get; init; }

    /// <summary>Copy engines: with one, transfers overlap computation; with two, also each other.</summary>
    public required int CopyEngines { get; init; }

    /// <summary>Compute capability as one number, e.g. 90.</summary>
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
