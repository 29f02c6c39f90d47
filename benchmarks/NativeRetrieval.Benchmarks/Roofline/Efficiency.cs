using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>
/// The shares of a data sheet that programs reach, all as seen on one H100 at commit ab6b81a
/// (<c>benchmarks/results/nvidia-h100-80gb-hbm3</c>) and taken for the other GPUs, too.
/// </summary>
internal static class Efficiency
{
    /// <summary>A copy on the device, 3,006 of 3,352 GB/s.</summary>
    public const double Copy = 0.897;

    /// <summary>
    /// Kernels that stream large tensors, in units of the copy: 26.6 GB in 10.5 ms over the four largest kernels of batch norm.
    /// </summary>
    public const double Streaming = 0.845;

    /// <summary>A product 8,192 wide: 51.4, 385 and about 700 TF/s.</summary>
    public static double Product(Precision precision) => precision switch
    {
        Precision.Float32 => 0.77,
        Precision.Tf32 => 0.78,
        _ => 0.71,
    };

    /// <summary>
    /// Convolutions in units of that product. TF32: 267, 233 and 160 TF/s forward, of the input and of the filter; float32: CNN14's 27 and
    /// the step's 22 TF/s. bfloat16 was not measured and is taken as TF32.
    /// </summary>
    public static double Convolution(Precision precision, string direction) => precision == Precision.Float32
        ? direction == "forward" ? 0.53 : 0.40
        : direction switch
        {
            "forward" => 0.69,
            "data" => 0.61,
            _ => 0.42,
        };

    /// <summary>
    /// Tiles that libraries cut a product into, and what each yields: a small product is as slow as the multiprocessors that get none.
    /// Fitted to the step's 4.9 ms of products.
    /// </summary>
    public static readonly (int Rows, int Columns, double Yield)[] Tiles = [(128, 256, 1), (128, 128, 0.95), (128, 64, 0.8), (64, 64, 0.6)];

    /// <summary>Microseconds that the smallest kernels take: start, one trip to memory, end.</summary>
    public const double SmallestKernel = 2.5;

    /// <summary>Microseconds between two kernels of a stream: the events around a step say 42.3 ms, its 853 kernels 41.7.</summary>
    public const double Gap = 0.7;

    /// <summary>
    /// Microseconds of the host for each launch where it is the host that is waited for: 16.2 ms for a step of 4 clips, 853 launches. A
    /// captured graph does without.
    /// </summary>
    public const double HostLaunch = 19;
}
