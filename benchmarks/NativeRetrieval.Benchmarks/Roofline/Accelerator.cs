using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>A GPU by its maker's figures.</summary>
/// <param name="Gigabytes">Memory bandwidth, GB/s.</param>
/// <param name="Float32">Dense multiply-adds outside the tensor cores, TFLOP/s; <paramref name="Tf32"/> and
/// <paramref name="BFloat16"/> on them.</param>
/// <param name="OfOneWarp">
/// Share of the tensor cores' rate that instructions of single warps reach, all that own kernels have: Hopper's fastest are those of four
/// warps. Published by others, not measured here.
/// </param>
internal sealed record Accelerator(
    string Name, double Gigabytes, double Float32, double Tf32, double BFloat16, int Multiprocessors, double OfOneWarp)
{
    /// <summary>SXM models: NVIDIA's data sheets without sparsity.</summary>
    public static IReadOnlyList<Accelerator> All { get; } =
    [
        new("A100", 2039, 19.5, 156, 312, 108, 1), new("H100", 3352, 66.9, 494.7, 989.4, 132, 0.63),
        new("H200", 4800, 66.9, 494.7, 989.4, 132, 0.63),
    ];

    /// <summary>Dense TFLOP/s in a precision.</summary>
    public double Rate(Precision precision) => precision switch
    {
        Precision.Float32 => Float32,
        Precision.Tf32 => Tf32,
        _ => BFloat16,
    };
}
