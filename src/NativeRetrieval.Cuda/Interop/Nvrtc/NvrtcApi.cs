using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;
using static NativeRetrieval.Cuda.Interop.Nvrtc.NvrtcApi;

namespace NativeRetrieval.Cuda.Interop.Nvrtc;

/// <summary>Functions of libnvrtc, which compiles CUDA C++ to PTX and machine code. It needs neither a GPU nor a driver.</summary>
internal static unsafe partial class NvrtcApi
{
    public const string Library = CudaLibraries.Nvrtc;

    static NvrtcApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcVersion(out int major, out int minor);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetNumSupportedArchs(out int count);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetSupportedArchs(int* architectures);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial NvrtcResult nvrtcCreateProgram(
        out nint program, string source, string name, int headerCount, byte** headers, byte** includeNames);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcDestroyProgram(ref nint program);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcCompileProgram(ProgramHandle program, int optionCount, byte** options);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetPTXSize(ProgramHandle program, out nuint bytes);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetPTX(ProgramHandle program, byte* ptx);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetCUBINSize(ProgramHandle program, out nuint bytes);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetCUBIN(ProgramHandle program, byte* cubin);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetProgramLogSize(ProgramHandle program, out nuint bytes);

    [LibraryImport(Library)] public static partial NvrtcResult nvrtcGetProgramLog(ProgramHandle program, byte* log);

    [LibraryImport(Library)] public static partial byte* nvrtcGetErrorString(NvrtcResult result);
}

/// <summary>Results of NVRTC calls.</summary>
[NativeName("nvrtcResult")]
internal enum NvrtcResult
{
    [NativeName("NVRTC_SUCCESS")] Success = 0,
    [NativeName("NVRTC_ERROR_OUT_OF_MEMORY")] OutOfMemory = 1,
    [NativeName("NVRTC_ERROR_PROGRAM_CREATION_FAILURE")] ProgramCreationFailure = 2,
    [NativeName("NVRTC_ERROR_INVALID_INPUT")] InvalidInput = 3,
    [NativeName("NVRTC_ERROR_INVALID_PROGRAM")] InvalidProgram = 4,
    [NativeName("NVRTC_ERROR_INVALID_OPTION")] InvalidOption = 5,
    [NativeName("NVRTC_ERROR_COMPILATION")] Compilation = 6,
    [NativeName("NVRTC_ERROR_BUILTIN_OPERATION_FAILURE")] BuiltinOperationFailure = 7,
    [NativeName("NVRTC_ERROR_INTERNAL_ERROR")] InternalError = 11,
}

/// <summary>A program that NVRTC compiles.</summary>
[NativeName("nvrtcProgram")]
internal sealed class ProgramHandle(nint program) : NativeHandle(program, owns: true)
{
    protected override bool ReleaseHandle() => nvrtcDestroyProgram(ref handle) == NvrtcResult.Success;
}
