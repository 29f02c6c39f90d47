using System.Runtime.InteropServices;
using System.Text;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Interop.Nvrtc;
using static NativeRetrieval.Cuda.Interop.Nvrtc.NvrtcApi;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>Compilation of kernel texts to machine code by NVRTC. It needs no GPU.</summary>
internal sealed unsafe class KernelCompiler
{
    /// <summary>
    /// Options without fast math: results are held to the CPU backend's. -v makes the log tell registers, spills, shared memory.
    /// </summary>
    static readonly string[] _options = ["--std=c++17", "-default-device", "--ptxas-options=-v"];

    /// <exception cref="CudaUnavailableException">NVRTC is not on this machine.</exception>
    public KernelCompiler()
    {
        var library = CudaLibraries.Require(LibraryFamily.Nvrtc);
        nvrtcVersion(out int major, out int minor).ThrowIfFailed();
        Version = new(major, minor);
        nvrtcGetNumSupportedArchs(out int count).ThrowIfFailed();
        var architectures = new int[count];
        fixed (int* first = architectures) nvrtcGetSupportedArchs(first).ThrowIfFailed();
        Architectures = architectures;
        Identity = File.Exists(library.Path) && FileStatus.Of(library.Path) is var file
            ? $"NVRTC {Version}, {file.SizeBytes} bytes of {file.ModifiedUtc:O}"
            : $"NVRTC {Version}";
    }

    /// <summary>
    /// The version, size and date of the library: an emulator's compiler, or another build of the same version, makes other images.
    /// </summary>
    public string Identity { get; }

    public Version Version { get; }

    /// <summary>Compute capabilities that this NVRTC compiles for, e.g. 80.</summary>
    public IReadOnlyList<int> Architectures { get; }

    /// <summary>All options for a target, in order; part of what a compiled image depends on.</summary>
    public static IReadOnlyList<string> Options(KernelTarget target) =>
        // ptxas does not run for PTX and its options would be refused.
        [$"--gpu-architecture={target.Name}", .. target.IsPtx ? _options[..^1] : _options];

    /// <exception cref="KernelCompilationException">The text is wrong; the message has the log.</exception>
    public KernelImage Compile(KernelSource source, KernelTarget target)
    {
        using var headers = new Utf8Strings(source.Headers.Select(header => header.Text));
        using var names = new Utf8Strings(source.Headers.Select(header => header.Name));
        nvrtcCreateProgram(out nint created, source.Text, source.FileName, source.Headers.Count, headers.Pointer, names.Pointer)
            .ThrowIfFailed();
        using var program = new ProgramHandle(created);
        var list = Options(target);
        using var options = new Utf8Strings(list);
        var result = nvrtcCompileProgram(program, list.Count, options.Pointer);
        string log = Log(program);
        if (result == NvrtcResult.Compilation) throw new KernelCompilationException(source.FileName, target.Name, log);
        if (result == NvrtcResult.InvalidOption)
            throw new KernelCompilationException(
                source.FileName, target.Name, $"NVRTC {Version} refuses an option of {string.Join(' ', list)}\n{log}");
        result.ThrowIfFailed("nvrtcCompileProgram(program, …)");
        byte[]? ptx = Ptx(program);
        KernelSignature[] signatures = ptx is null ? [] : [.. KernelSignature.OfPtx(Encoding.ASCII.GetString(ptx))];
        byte[] image = target.IsPtx
            ? ptx ?? throw new KernelCompilationException(source.FileName, target.Name, "NVRTC made no PTX")
            : Cubin(program);
        return new(image, signatures) { Log = log };
    }

    static byte[] Cubin(ProgramHandle program)
    {
        nvrtcGetCUBINSize(program, out nuint size).ThrowIfFailed();
        var bytes = new byte[checked((int)size)];
        fixed (byte* first = bytes) nvrtcGetCUBIN(program, first).ThrowIfFailed();
        return bytes;
    }

    /// <summary>The PTX; null where there is none, which is no error for a target of machine code.</summary>
    static byte[]? Ptx(ProgramHandle program)
    {
        if (nvrtcGetPTXSize(program, out nuint size) != NvrtcResult.Success || size == 0) return null;
        var bytes = new byte[checked((int)size)];
        fixed (byte* first = bytes) nvrtcGetPTX(program, first).ThrowIfFailed();
        return bytes;
    }

    static string Log(ProgramHandle program)
    {
        nvrtcGetProgramLogSize(program, out nuint size).ThrowIfFailed();
        var bytes = new byte[checked((int)size)];
        fixed (byte* first = bytes) nvrtcGetProgramLog(program, first).ThrowIfFailed();
        return Encoding.UTF8.GetString(bytes).TrimEnd('\0', '\n');
    }

    /// <summary>An array of C strings.</summary>
    sealed class Utf8Strings : IDisposable
    {
        readonly nint[] _strings;
        readonly GCHandle _pinned;

        public Utf8Strings(IEnumerable<string> texts)
        {
            _strings = [.. texts.Select(Marshal.StringToCoTaskMemUTF8)];
            _pinned = GCHandle.Alloc(_strings, GCHandleType.Pinned);
        }

        public byte** Pointer => (byte**)_pinned.AddrOfPinnedObject();

        public void Dispose()
        {
            _pinned.Free();
            foreach (nint text in _strings) Marshal.FreeCoTaskMem(text);
        }
    }
}
