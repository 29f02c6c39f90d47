using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The machine that a run was computed on. Results do not depend on threads; vector width and device change them in the last bits.
/// </summary>
/// <param name="VectorBits">Widest vectors of the processor that the runtime uses.</param>
/// <param name="MemoryBytes">Memory that the process may use.</param>
public sealed record Machine(string Device, string System, string Architecture, string Runtime, int Cores, int Threads, int VectorBits,
    long MemoryBytes)
{
    internal static Machine With(Device device) =>
        new(device.Description, RuntimeInformation.OSDescription, RuntimeInformation.OSArchitecture.ToString(),
            RuntimeInformation.FrameworkDescription, Environment.ProcessorCount, CpuDevice.Threads,
            Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128, CpuDevice.Shared.MemoryBytes);
}
