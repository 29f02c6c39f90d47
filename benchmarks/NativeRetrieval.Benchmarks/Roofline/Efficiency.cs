using NativeRetrieval.Core.Devices;

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
    /// Convolutions in units of that product, beside what their tiles leave: fitted to the step's 4.8, 5.5 and 8.0 ms in TF32, to CNN14's
    /// 47.5 ms and the step's 184.8 ms in float32. bfloat16 was not measured and is taken as TF32.
    /// </summary>
    public static double Convolution(Precision precision, string direction) => precision == Precision.Float32 ? 0.55
        : direction switch
        {
            "forward" => 0.77,
            "data" => 0.68,
            _ => 0.56,
        };

    /// <summary>
    /// Products by own kernels, in units of what instructions of one warp reach (<see cref="Accelerator.OfOneWarp"/>): what the libraries'
    /// reach of theirs. No own product was measured.
    /// </summary>
    public const double OwnProduct = 0.78;

    /// <summary>Rows and columns of an own product's tile: <c>kernels/common/block_product.cuh</c>.</summary>
    public const int OwnRows = 64, OwnColumns = 128;

    /// <summary>
    /// Tiles that libraries cut a product into and what each yields. A small product waits for the multiprocessors that get a tile more
    /// than others; long sums may be split.
    /// </summary>
    public static readonly (int Rows, int Columns, double Yield)[] Tiles = [(128, 256, 1), (128, 128, 1), (128, 64, 0.84), (64, 64, 0.63)];

    public static readonly int[] Splits = [1, 2, 4, 8, 16];

    /// <summary>The shortest part of a sum that is split.</summary>
    public const int ShortestPart = 256;

    /// <summary>
    /// Microseconds of a library's call beside its products: filling the pipeline and, for gradients, adding the parts of sums and the
    /// bias's gradient in kernels of their own: fitted to the step's 72 forward products of BERT, 1.04 ms, and to its gradients with their
    /// other kernels, 3.77 ms. That of a convolution is assumed.
    /// </summary>
    public const double ForwardProductCall = 4.1, GradientProductCall = 10, ConvolutionCall = 8;

    /// <summary>
    /// Operations of log-mel for each frame: about 1,130 instructions of a warp, counted in the PTX, two operations for each lane. It is
    /// bound by issue, not by memory.
    /// </summary>
    public const double LogMelFrame = 1130 * 32 * 2;

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
