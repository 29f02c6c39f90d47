using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>The emulator's counts of one launch: <c>Counters</c> in <c>tests/cuda-emulator/runtime/counters.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct LaunchCounters(MemoryTraffic Read, MemoryTraffic Written, ulong SharedRequests, ulong SharedWavefronts,
    ulong SharedIdeal, ulong SharedWays, ulong Atomics, ulong SharedAtomics, ulong Mma);

/// <summary>Accesses of global memory.</summary>
/// <param name="Bytes">Bytes that the threads asked for, each as often as asked.</param>
/// <param name="Requests">Instructions of warps.</param>
/// <param name="Sectors">32-byte sectors of all requests.</param>
/// <param name="Ideal">The sectors that the requests' distinct bytes would take if they lay together.</param>
/// <param name="Unique">Sectors, each once: the least that must come from memory or go there.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct MemoryTraffic(ulong Bytes, ulong Requests, ulong Sectors, ulong Ideal, ulong Unique);

/// <summary>A launch and its counts.</summary>
/// <param name="DearSites">Program points that ask for more than they need, a line each.</param>
internal sealed record CountedLaunch(string Kernel, LaunchCounters Counters, string DearSites)
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
        var read = (delegate* unmanaged<int, LaunchCounters*, uint*, uint*, nint>)Export("nr_emu_counters");
        var dearSites = (delegate* unmanaged<int, nint>)Export("nr_emu_dear_sites");
        uint* grid = stackalloc uint[3], block = stackalloc uint[3];
        var launches = new List<CountedLaunch>();
        for (int i = 0; i < count; i++)
        {
            LaunchCounters counters;
            string kernel = Marshal.PtrToStringUTF8(read(i, &counters, grid, block))!;
            launches.Add(new(kernel, counters, Marshal.PtrToStringUTF8(dearSites(i))!));
        }
        return launches;
    }

    static nint Export(string name) => NativeLibrary.GetExport(CudaLibraries.Of(LibraryFamily.Driver).Handle, name);
}
