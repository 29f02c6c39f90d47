using System.Globalization;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>What is compiled for: machine code of one architecture, or PTX that the driver translates.</summary>
/// <param name="Architecture">Compute capability as one number, e.g. 90.</param>
internal readonly record struct KernelTarget(int Architecture, bool IsPtx)
{
    /// <summary>As NVRTC's option spells it: <c>sm_90</c> or <c>compute_90</c>.</summary>
    public string Name => (IsPtx ? "compute_" : "sm_") + Architecture.ToString(CultureInfo.InvariantCulture);

    /// <summary>Machine code where this NVRTC knows the GPU; else PTX of the newest architecture before it, which the driver translates.</summary>
    /// <param name="supported">What the library says it supports: versions drop and add architectures, so no table is kept.</param>
    /// <exception cref="CudaUnavailableException">The GPU is older than everything this NVRTC compiles for.</exception>
    public static KernelTarget For(int architecture, IReadOnlyList<int> supported, Version nvrtc)
    {
        if (supported.Contains(architecture)) return new(architecture, IsPtx: false);
        var older = supported.Where(candidate => candidate < architecture).ToList();
        return older.Count > 0
            ? new(older.Max(), IsPtx: true)
            : throw new CudaUnavailableException(
                $"this GPU's compute capability {architecture / 10}.{architecture % 10} is older than what NVRTC {nvrtc} compiles for ({supported.Min() / 10}.{supported.Min() % 10} and newer); use the NVRTC of CUDA 12 or 11.8");
    }

    public override string ToString() => Name;
}
