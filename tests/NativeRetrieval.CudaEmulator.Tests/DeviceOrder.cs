using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>The order in which the emulator runs threads, blocks and streams. A GPU has its own: there, each test runs once.</summary>
internal static unsafe class DeviceOrder
{
    public static readonly string[] All = ["forward", "reverse", "random"];

    /// <summary>Skips where there is no device of any kind, and all orders but the first on a GPU.</summary>
    public static void Choose(string order)
    {
        Emulator.RequireDevice();
        CudaLibraries.Require(LibraryFamily.Driver);
        if (Emulator.IsUsed) Set("NR_EMU_ORDER", order);
        else Assert.SkipUnless(order == All[0], "a GPU chooses the order itself");
    }

    /// <summary>The emulator's last finding.</summary>
    public static string Report()
    {
        if (!Emulator.IsUsed) return "";
        return Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("nr_emu_last_report"))()) ?? "";
    }

    /// <summary>Changes a setting of the emulator (tests/cuda-emulator/README.md) until the test puts it back.</summary>
    public static void Set(string name, string value) => Assert.True(Configure(name, value));

    static bool Configure(string name, string value)
    {
        nint first = Marshal.StringToCoTaskMemUTF8(name), second = Marshal.StringToCoTaskMemUTF8(value);
        bool known = ((delegate* unmanaged<nint, nint, byte>)Export("nr_emu_configure"))(first, second) != 0;
        Marshal.FreeCoTaskMem(first);
        Marshal.FreeCoTaskMem(second);
        return known;
    }

    static nint Export(string name) => NativeLibrary.GetExport(CudaLibraries.Of(LibraryFamily.Driver).Handle, name);
}
