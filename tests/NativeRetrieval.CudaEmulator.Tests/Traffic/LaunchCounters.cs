using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>Counts of one launch by the emulator: <c>Counters</c> in <c>tests/cuda-emulator/runtime/counters.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct LaunchCounters(MemoryTraffic Read, MemoryTraffic Written, ulong SharedRequests, ulong SharedWavefronts,
    ulong SharedIdeal, double SharedWays, ulong Atomics, ulong SharedAtomics, ulong Mma)
{
    /// <summary>True where no program point need be named, which takes a while.</summary>
    public bool IsWithinLimits => SharedWays <= TrafficLimit.Ways.Most
        && Read.Sectors + Written.Sectors <= TrafficLimit.Sectors.Most * (Read.Ideal + Written.Ideal);
}

/// <summary>Accesses of global memory.</summary>
/// <param name="Bytes">Bytes that the threads asked for, each as often as asked.</param>
/// <param name="Requests">Instructions of warps.</param>
/// <param name="Sectors">32-byte sectors of all requests.</param>
/// <param name="Ideal">The sectors that the requests' distinct bytes would take if they lay together.</param>
/// <param name="Unique">Sectors, each once: the least that must come from memory or go there.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct MemoryTraffic(ulong Bytes, ulong Requests, ulong Sectors, ulong Ideal, ulong Unique);

/// <summary>A launch and its counts.</summary>
/// <param name="Threads">Threads of a block.</param>
/// <param name="DynamicBytes">Dynamic shared memory of a block.</param>
/// <param name="DearSites">
/// Program points that ask for more than they need, a line each; empty where the launch is within the limits.
/// </param>
internal sealed record CountedLaunch(string Kernel, int Threads, int DynamicBytes, LaunchCounters Counters, string DearSites)
{
    const string On = "1", Off = "0";

    /// <summary>Counts from now on, and forgets what was counted.</summary>
    public static unsafe void Begin()
    {
        ((delegate* unmanaged<void>)Export("nr_emu_forget_counters"))();
        DeviceOrder.Set("NR_EMU_COUNT", On);
    }

    /// <summary>The launches since <see cref="Begin"/>; their work must be done.</summary>
    public static unsafe List<CountedLaunch> End()
    {
        DeviceOrder.Set("NR_EMU_COUNT", Off);
        int count = ((delegate* unmanaged<int>)Export("nr_emu_counted"))();
        var read = (delegate* unmanaged<int, LaunchCounters*, uint*, nint>)Export("nr_emu_counters");
        var dearSites = (delegate* unmanaged<int, nint>)Export("nr_emu_dear_sites");
        uint* shape = stackalloc uint[7];
        var launches = new List<CountedLaunch>();
        for (int i = 0; i < count; i++)
        {
            LaunchCounters counters;
            string kernel = Marshal.PtrToStringUTF8(read(i, &counters, shape))!;
            launches.Add(new(kernel, (int)(shape[3] * shape[4] * shape[5]), (int)shape[6], counters,
                counters.IsWithinLimits ? "" : Marshal.PtrToStringUTF8(dearSites(i))!));
        }
        return launches;
    }

    static nint Export(string name) => NativeLibrary.GetExport(CudaLibraries.Of(LibraryFamily.Driver).Handle, name);
}
