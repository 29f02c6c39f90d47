using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend;

/// <summary>
/// Operations on a GPU: cuDNN's convolutions, cuBLASLt's matrix products, own kernels for the rest. One file per operation; each
/// says which kernel runs over what grid, the kernel's file says the rest.
/// </summary>
internal sealed partial class CudaBackend(CudaDevice device) : IBackend, IDisposable
{
    /// <summary>Threads of a block that strides over elements.</summary>
    const int Block = 256;

    /// <summary>Blocks per multiprocessor of a grid that strides: enough to fill it, and to hide the tail.</summary>
    const int BlocksPerMultiprocessor = 16;

    /// <summary>Blocks of 256 threads that a multiprocessor has room for.</summary>
    const int BlocksPerWave = 8;

    const int Warp = 32;

    /// <summary>Bytes that a thread moves at a time, as in kernels/common/storage.cuh.</summary>
    const int PackBytes = 16;

    readonly Lock _lock = new();
    MatrixProducts? _products;
    CudnnConvolutions? _convolutions;
    WeightCopies? _copies;

    public DeviceFaults Faults { get; } = new(device);

    /// <summary>Choices among algorithms of cuBLASLt and cuDNN.</summary>
    public AlgorithmChooser Algorithms { get; } = new(device);

    /// <summary>cuBLASLt's part, whose algorithms checks choose one by one.</summary>
    public MatrixProducts Products
    {
        get
        {
            lock (_lock) return _products ??= new(device, Algorithms, Split);
        }
    }

    /// <summary>cuDNN's part, whose algorithms checks choose one by one.</summary>
    public CudnnConvolutions Convolutions
    {
        get
        {
            lock (_lock) return _convolutions ??= new(device, Algorithms, Split);
        }
    }

    /// <summary>Weights as operands of bfloat16 products.</summary>
    public WeightCopies Copies
    {
        get
        {
            lock (_lock) return _copies ??= new(device, Narrow);
        }
    }

    CudaDevice Device => device;

    /// <summary>
    /// The address of two numbers (int64) by which kernels move the Philox stream that they are given; 0 outside captured graphs: they
    /// move none.
    /// </summary>
    public nint StreamMoves => device.Recording?.StreamMoves ?? 0;

    CudaStream Stream => device.Stream;

    /// <summary>Opens cuBLAS and cuDNN, which are otherwise opened at their first use.</summary>
    public void LoadLibraries() => _ = (Products, Convolutions);

    int Multiprocessors => device.Properties.Multiprocessors;

    public void Dispose()
    {
        _products?.Dispose();
        _convolutions?.Dispose();
        foreach (var tables in _logMelTables.Values) tables.Dispose();
        foreach (var tables in _logMelWarpTables.Values) tables.Dispose();
        Faults.Dispose();
    }

    void Launch(string file, string entryPoint, int grid, int block, int sharedBytes, params ReadOnlySpan<KernelArgument> arguments) =>
        device.Kernels.Function(file, entryPoint).Launch(Stream, grid, block, sharedBytes, arguments);

    void Launch(string file, string entryPoint, (int X, int Y, int Z) grid, int block, int sharedBytes,
        params ReadOnlySpan<KernelArgument> arguments) =>
        device.Kernels.Function(file, entryPoint).Launch(Stream, grid, (block, 1, 1), sharedBytes, arguments);

    /// <summary>A kernel of <paramref name="count"/> elements whose threads stride over any number.</summary>
    void LaunchOver(long count, string file, string entryPoint, params ReadOnlySpan<KernelArgument> arguments) =>
        Launch(file, entryPoint, Spread(count), Block, 0, arguments);

    /// <summary>Blocks for so many elements; no more than the device can run at a time a few times over.</summary>
    int Spread(long count, int perBlock = Block) =>
        (int)Math.Min((count + perBlock - 1) / perBlock, (long)device.Properties.Multiprocessors * BlocksPerMultiprocessor);

    /// <summary>
    /// Blocks for threads that each keep a group of a pixel's channels and stride over pixels: one wave, and a thread for each group.
    /// </summary>
    int Stride(int pixels, int groups)
    {
        long blocks = ((long)pixels * groups + Block - 1) / Block;
        return (int)Math.Min(blocks, Math.Max(Ceil(groups, Block), device.Properties.Multiprocessors * BlocksPerWave));
    }

    /// <summary>Elements of 16 bytes.</summary>
    static int PackSize(Tensor x) => 16 / x.DType.SizeBytes();

    /// <summary>1 where so many neighbours are whole packs of 16 bytes in all tensors, else 0.</summary>
    public static int InPacks(int neighbours, Tensor x, params ReadOnlySpan<Tensor> others)
    {
        bool packed = neighbours % PackSize(x) == 0 && x.Address % 16 == 0;
        foreach (var other in others) packed &= other.Address % 16 == 0;
        return packed ? 1 : 0;
    }

    /// <summary>Groups that so many neighbours are gone through in: packs, or each its own.</summary>
    public static int Groups(int neighbours, int packed, Tensor x) => packed == 1 ? neighbours / PackSize(x) : neighbours;

    /// <summary>Threads for a row that one block strides over: whole warps, about four elements each, at most 1024.</summary>
    static int RowThreads(int width) => Math.Clamp((width / 4 + Warp - 1) / Warp * Warp, Warp, 1024);

    /// <summary>Bytes of the sums that <c>block_sum</c> keeps, one for each warp.</summary>
    static int WarpSums(int threads) => threads / Warp * sizeof(float);

    static int RowsOf(Tensor x) => checked((int)x.Shape[..^1].Count);

    static int Ceil(long count, int part) => checked((int)((count + part - 1) / part));

    /// <summary>Address of float32 values.</summary>
    /// <exception cref="ShapeException">float64 is computed on the CPU only.</exception>
    static nint F32(Tensor x) => x.DType == DType.Float32 ? x.Address
        : throw new ShapeException($"{x.Device} computes in float32, got {x.Describe()}; float64 is for checks on the CPU");

    /// <summary>Address of activations: float32 or bfloat16 values.</summary>
    /// <exception cref="ShapeException">float64 is computed on the CPU only.</exception>
    static nint Activations(Tensor x) => x.DType == DType.BFloat16 ? x.Address : F32(x);

    /// <summary>The entry point for the type that <paramref name="x"/> is stored in.</summary>
    static string Stored(Tensor x, string float32, string bfloat16) => x.DType == DType.BFloat16 ? bfloat16 : float32;

    static nint F32OrNull(Tensor? x) => x is null ? 0 : F32(x);

    /// <summary>Address of int32 values, such as lengths; 0 for null.</summary>
    static nint IntsOrNull(Tensor? x) => x?.Address ?? 0;
}
