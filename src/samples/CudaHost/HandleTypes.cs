using System.Runtime.InteropServices;

namespace CudaHost;

/// <summary>A CUDA context as a host's own library declares it: ManagedCuda's type of this name is a pointer in a structure, too.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CUcontext
{
    public nint Pointer;
}

/// <summary>A CUDA stream, in the same way.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CUstream
{
    public nint Pointer;
}

/// <summary>An address in a GPU's memory, in the same way.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CUdeviceptr
{
    public nint Pointer;
}
