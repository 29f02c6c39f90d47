using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Cuda;

/// <summary>Choices between speed, precision and memory of a <see cref="CudaDevice"/>.</summary>
public sealed record CudaDeviceOptions
{
    /// <summary>
    /// True restricts cuDNN to algorithms that give the same bits in every run on this GPU. Default false: it may add filter gradients
    /// atomically. The device's own kernels and its matrix products always give the same bits.
    /// </summary>
    public bool Deterministic { get; init; }

    /// <summary>
    /// The precision of convolutions and matrix products, and of stored activations. Default <see cref="Precision.Float32"/>: results
    /// differ from the CPU's by float32 rounding alone.
    /// </summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// True lets work that repeats, such as training steps and batches of encoders, be recorded as CUDA graphs and replayed: the GPU does
    /// not wait for the host between kernels. Results are the same. Default true.
    /// </summary>
    public bool Graphs { get; init; } = true;

    /// <summary>
    /// Bytes of device memory that search and NT-Xent take for the scores of pairs at a time; larger problems go in parts. At least
    /// one row of scores is taken. Default: 128 MiB.
    /// </summary>
    public long ScoreBytes { get; init; } = 128 << 20;

    /// <summary>
    /// True times the algorithms that cuDNN and cuBLAS propose for each size of convolution and product, once, and takes the fastest; the
    /// choice is kept in <see cref="AlgorithmFolder"/>. False takes their first proposals, as <see cref="Deterministic"/> does. Default
    /// true.
    /// </summary>
    public bool TimeAlgorithms { get; init; } = true;

    /// <summary>
    /// True lets convolutions and products of <see cref="Precision.Float32"/> be computed on the tensor cores, by three TF32 products of
    /// operands split in two, where that is faster: the largest error is about three times that of float32 sums. Attention and NT-Xent
    /// are computed so in any case. Default true.
    /// </summary>
    public bool SplitFloat32 { get; init; } = true;

    /// <summary>The folder of chosen algorithms. Default (null): <c>nativeretrieval/algorithms</c> in the user's cache folder.</summary>
    public string? AlgorithmFolder { get; init; }

    /// <summary>Gets sentences for people, such as that a damaged file of algorithms is ignored. Default (null): nobody.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>The folder of compiled kernels. Default (null): <c>nativeretrieval/kernels</c> in the user's cache folder.</summary>
    public string? KernelFolder { get; init; }
}
