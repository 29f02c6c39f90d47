using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Errors;
using SQLitePCL;

namespace NativeRetrieval.Cli;

/// <summary>The SQLite inside a program that is one native file, loaded from memory; any other build has it beside the program.</summary>
internal static partial class CarriedSqlite
{
    const string Library = "e_sqlite3", Resource = "native/libe_sqlite3.so";

    const uint CloseOnExec = 1;

    static readonly Lazy<nint> _handle = new(Load);

    /// <summary>Lets SQLite be found inside the program where the build put it there.</summary>
    public static void Use()
    {
        if (typeof(CarriedSqlite).Assembly.GetManifestResourceInfo(Resource) is not null)
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly,
                (name, _, _) => name == Library ? _handle.Value : 0);
    }

    static nint Load()
    {
        using var library = typeof(CarriedSqlite).Assembly.GetManifestResourceStream(Resource)!;
        int descriptor = CreateMemoryFile("sqlite", CloseOnExec);
        if (descriptor < 0)
            throw new NativeRetrievalException("the system gives no file in memory for the SQLite that this program carries: "
                + new Win32Exception(Marshal.GetLastPInvokeError()).Message);
        // Once loaded, the library needs the descriptor no more.
        using var file = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Write, bufferSize: 0);
        library.CopyTo(file);
        return NativeLibrary.Load($"/proc/self/fd/{descriptor}");
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
