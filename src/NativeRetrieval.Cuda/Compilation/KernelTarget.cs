using System.Globalization;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>The target of a compilation: machine code of one architecture, or PTX that the driver translates.</summary>
/// <param name="Architecture">Compute capability as one number, e.g. 90.</param>
internal readonly record struct KernelTarget(int Architecture, bool IsPtx)
{
    /// <summary>The name in NVRTC's option: <c>sm_90</c> or <c>compute_90</c>.</summary>
    public string Name => (IsPtx ? "compute_" : "sm_") + Architecture.ToString(CultureInfo.InvariantCulture);

    /// <summary>The target for a GPU: machine code where this NVRTC knows it, else PTX of the newest architecture before it.</summary>
    /// <param name="supported">Architectures that the library says it supports: versions drop and add some, so no table is kept.</param>
    /// <exception cref="CudaUnavailableException">The GPU is older than everything this NVRTC compiles for.</exception>
    public static KernelTarget For(int architecture, IReadOnlyList<int> supported, Version nvrtc)
    {
        if (supported.Contains(architecture)) return new(architecture, IsPtx: false);
        var older = supported.Where(candidate => candidate < architecture).ToList();
        if (older.Count > 0) return new(older.Max(), IsPtx: true);
        string gpu = $"{architecture / 10}.{architecture % 10}", oldest = $"{supported.Min() / 10}.{supported.Min() % 10}";
        throw new CudaUnavailableException($"this GPU's compute capability {gpu} is older than what NVRTC {nvrtc} compiles for "
            + $"({oldest} and newer); use the NVRTC of CUDA 12 or 11.8");
    }

    public override string ToString() => Name;
}
