using static NativeRetrieval.Cuda.Interop.Nvrtc.NvrtcApi;

namespace NativeRetrieval.Cuda.Interop.Nvrtc;

/// <summary>A program that NVRTC compiles.</summary>
[NativeName("nvrtcProgram")]
internal sealed class ProgramHandle(nint program) : NativeHandle(program, owns: true)
{
    protected override bool ReleaseHandle() => nvrtcDestroyProgram(ref handle) == NvrtcResult.Success;
}
