namespace NativeRetrieval.Cuda;

/// <summary>How a <see cref="CudaDevice"/> computes.</summary>
public sealed record CudaDeviceOptions
{
    /// <summary>
    /// Only algorithms that give the same bits in every run on this GPU. Default false: cuDNN may add filter gradients atomically.
    /// The device's own kernels and its matrix products always give the same bits.
    /// </summary>
    public bool Deterministic { get; init; }

    /// <summary>
    /// Lets convolutions and matrix products round float32 inputs to TF32 (10 mantissa bits) for the tensor cores. Default false:
    /// results then differ from the CPU's by float32 rounding alone.
    /// </summary>
    public bool AllowTf32 { get; init; }

    /// <summary>Where compiled kernels are kept. Default: <c>nativeretrieval/kernels</c> in the user's cache folder.</summary>
    public string? KernelFolder { get; init; }
}
