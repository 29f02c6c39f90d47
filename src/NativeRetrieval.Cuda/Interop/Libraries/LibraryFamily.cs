using NativeRetrieval.Cuda.Interop.Nccl;

namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>
/// Files that belong together: one main library and the companions it opens by name. All of them come from one folder,
/// because two versions in one process fail in ways that name neither.
/// </summary>
internal sealed record LibraryFamily
{
    /// <summary>The name that users know, e.g. <c>cuBLAS</c>.</summary>
    public required string Name { get; init; }

    /// <summary>File names of the main library, newest version first. Exact: <c>libnvrtc.alt.so.12</c> is another library.</summary>
    public required string[] Sonames { get; init; }

    /// <summary>
    /// Files to load before the main one, in this order; <c>{version}</c> is what follows <c>.so.</c> in its name, <c>*</c> any digits.
    /// The main library opens them by bare name, which the loader answers from what is loaded already.
    /// </summary>
    public (string Pattern, bool Required)[] Companions { get; init; } = [];

    /// <summary>Exports that tell the library from another file of its name and show that it is new enough.</summary>
    public required string[] Exports { get; init; }

    /// <summary>The function that tells the version.</summary>
    public required VersionQuery Version { get; init; }

    public required Version Minimum { get; init; }

    /// <summary>Folders below <c>site-packages</c>, newest layout first.</summary>
    public string[] WheelFolders { get; init; } = [];

    /// <summary>Advice where the family is missing.</summary>
    public required string HowToInstall { get; init; }

    public static LibraryFamily Driver { get; } = new()
    {
        Name = "NVIDIA driver",
        // Never libcuda.so: that may be the toolkit's stub.
        Sonames = ["libcuda.so.1"],
        Exports = ["cuInit", "cuDriverGetVersion", "cuMemAlloc_v2", "cuLaunchKernel", "cuGraphInstantiateWithFlags"],
        Version = VersionQuery.DriverVersion,
        Minimum = new(11, 8),
        HowToInstall = "install the NVIDIA driver, version 520 or newer "
            + "(Debian: apt-get install nvidia-driver; in a container, start it with --gpus all)",
    };

    public static LibraryFamily Nvrtc { get; } = new()
    {
        Name = "NVRTC",
        Sonames = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"],
        Companions = [("libnvrtc-builtins.so.{major}.*", true)],
        Exports = ["nvrtcVersion", "nvrtcCompileProgram", "nvrtcGetCUBIN", "nvrtcGetSupportedArchs"],
        Version = VersionQuery.NvrtcVersion,
        Minimum = new(11, 8),
        WheelFolders = ["nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib"],
        HowToInstall = "install the CUDA toolkit or its compiler library "
            + "(pip install nvidia-cuda-nvrtc-cu12; Debian non-free: apt-get install libnvrtc12)",
    };

    public static LibraryFamily Cublas { get; } = new()
    {
        Name = "cuBLAS",
        Sonames = ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"],
        Companions = [("libcublasLt.so.{version}", true)],
        Exports = ["cublasCreate_v2", "cublasGemmEx", "cublasGetStatusString"],
        Version = VersionQuery.CublasVersion,
        Minimum = new(11, 11),
        WheelFolders = ["nvidia/cu13/lib", "nvidia/cublas/lib"],
        HowToInstall = "install the CUDA toolkit or cuBLAS alone "
            + "(pip install nvidia-cublas-cu12; Debian non-free: apt-get install libcublas12 libcublaslt12)",
    };

    public static LibraryFamily Cudnn { get; } = new()
    {
        Name = "cuDNN",
        Sonames = ["libcudnn.so.9"],
        Companions =
        [
            ("libcudnn_graph.so.9", true), ("libcudnn_ops.so.9", true), ("libcudnn_cnn.so.9", true), ("libcudnn_heuristic.so.9", false),
            ("libcudnn_engines_precompiled.so.9", false), ("libcudnn_engines_runtime_compiled.so.9", false),
            ("libcudnn_engines_tensor_ir.so.9", false),
        ],
        Exports = ["cudnnCreate", "cudnnConvolutionForward", "cudnnGetLastErrorString"],
        Version = VersionQuery.CudnnVersion,
        Minimum = new(9, 0),
        WheelFolders = ["nvidia/cudnn/lib"],
        HowToInstall = "install cuDNN 9 (pip install nvidia-cudnn-cu12, or NVIDIA's package for your system)",
    };

    /// <summary>NCCL, which only ranks with a GPU each need: no other work is refused where it is missing.</summary>
    public static LibraryFamily Nccl { get; } = new()
    {
        Name = "NCCL",
        Sonames = ["libnccl.so.2"],
        Exports = NcclApi.Names,
        Version = VersionQuery.NcclVersion,
        Minimum = new(2, 18),
        WheelFolders = ["nvidia/nccl/lib"],
        HowToInstall = "install NCCL 2.18 or newer for training on several GPUs "
            + "(pip install nvidia-nccl-cu12, or NVIDIA's package libnccl2)",
    };

    /// <summary>All families that the device needs, in the order in which they are loaded: cuDNN opens NVRTC and cuBLAS by name.</summary>
    public static IReadOnlyList<LibraryFamily> All { get; } = [Driver, Nvrtc, Cublas, Cudnn];
}

/// <summary>The function that a library is asked for its version; each spells it its own way.</summary>
internal enum VersionQuery
{
    /// <summary>cuDriverGetVersion(int*): 12040 is CUDA 12.4.</summary>
    DriverVersion,

    /// <summary>nvrtcVersion(int*, int*): 12 and 4.</summary>
    NvrtcVersion,

    /// <summary>size_t cublasLtGetVersion() of the companion: 120804 is 12.8.4.</summary>
    CublasVersion,

    /// <summary>ncclGetVersion(int*): 22703 is 2.27.3.</summary>
    NcclVersion,

    /// <summary>size_t cudnnGetVersion(): 91002 is 9.10.2; size_t cudnnGetCudartVersion(): 12080 is CUDA 12.8.</summary>
    CudnnVersion,
}
