using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>The few entry points of libsndfile 1.x that reading takes, loaded on first use and never before.</summary>
internal static partial class Libsndfile
{
    public const string Name = "libsndfile";

    /// <summary>SFM_READ of sndfile.h.</summary>
    public const int ReadMode = 0x10;

    /// <summary>SF_COUNT_MAX: the number of frames is unknown.</summary>
    public const long UnknownFrames = long.MaxValue;

    public const string HowToInstall =
        "install libsndfile (Debian, Ubuntu: apt-get install libsndfile1; Fedora: dnf install libsndfile; macOS: brew install libsndfile)";

    public static readonly string[] FileNames =
        OperatingSystem.IsWindows() ? ["sndfile.dll", "libsndfile-1.dll"]
        : OperatingSystem.IsMacOS() ? ["libsndfile.1.dylib", "/opt/homebrew/lib/libsndfile.1.dylib", "/usr/local/lib/libsndfile.1.dylib"]
        : ["libsndfile.so.1"];

    static readonly Lazy<nint> _library = new(Load);

    static Libsndfile() => NativeLibrary.SetDllImportResolver(typeof(Libsndfile).Assembly, Resolve);

    /// <summary>True if the library is installed on this machine.</summary>
    public static bool IsAvailable => _library.Value != 0;

    static nint Load()
    {
        foreach (string name in FileNames)
            if (NativeLibrary.TryLoad(name, out nint library)) return library;
        return 0;
    }

    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) => name == Name ? _library.Value : 0;

    [LibraryImport(Name, EntryPoint = "sf_open_virtual")]
    public static partial LibsndfileHandle OpenVirtual(in VirtualIo io, int mode, ref Info info, nint user);

    [LibraryImport(Name, EntryPoint = "sf_readf_float")]
    public static partial long ReadFrames(LibsndfileHandle file, ref float interleaved, long frames);

    /// <summary>0 = no error.</summary>
    [LibraryImport(Name, EntryPoint = "sf_error")]
    public static partial int Error(LibsndfileHandle file);

    [LibraryImport(Name, EntryPoint = "sf_strerror")]
    private static partial nint ErrorText(LibsndfileHandle file);

    [LibraryImport(Name, EntryPoint = "sf_close")]
    public static partial int Close(nint file);

    /// <summary>True of SF_FORMAT_MPEG and of SF_FORMAT_MPEG_LAYER_I to _III in another container.</summary>
    public static bool IsMpeg(in Info info) => (info.Format & 0x0FFF0000) == 0x00230000 || (info.Format & 0xFFFF) is >= 0x80 and <= 0x82;

    /// <summary>The text of a file's last error, or of the last failed open if <paramref name="file"/> is invalid.</summary>
    public static string Explain(LibsndfileHandle file) => Marshal.PtrToStringUTF8(ErrorText(file))?.TrimEnd(' ', '.') ?? "unknown error";

    /// <summary>SF_VIRTUAL_IO: the calls by which libsndfile reads a file that is open here.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct VirtualIo
    {
        public delegate* unmanaged<nint, long> Length;
        public delegate* unmanaged<long, int, nint, long> Seek;
        public delegate* unmanaged<byte*, long, nint, long> Read;
        public nint Write;
        public delegate* unmanaged<nint, long> Tell;
    }

    /// <summary>SF_INFO.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Info
    {
        public long Frames;
        public int SampleRateHz;
        public int Channels;
        public int Format;
        public int Sections;
        public int Seekable;
    }
}

/// <summary>An open SNDFILE. It keeps the source of its bytes alive as long as the library may call it.</summary>
internal sealed class LibsndfileHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    /// <summary>The handle by which the library knows the <see cref="LibsndfileSource"/>; freed behind the file.</summary>
    public GCHandle Source { get; set; }

    protected override bool ReleaseHandle()
    {
        bool closed = Libsndfile.Close(handle) == 0;
        if (Source.IsAllocated) Source.Free();
        return closed;
    }
}
