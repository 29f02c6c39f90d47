using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// A matrix B[K, N] in panels of 16 columns, [⌈N/16⌉][K][16], zeros past N: the weight [N, K] of a linear layer in
/// <see cref="Layout.OIHW16o"/>. Kernels of every width read it where it lies, in the order of memory.
/// </summary>
internal readonly unsafe struct WeightPanels<T>(T* data, int k, int n) where T : unmanaged
{
    /// <summary>Columns of a panel.</summary>
    public const int Width = 16;

    public int K => k;

    public int N => n;

    public bool IsNull => data == null;

    /// <summary>Sixteen columns, or as many as are left in theirs, from a row on.</summary>
    public T* At(int row, int column) => data + ((nint)(column / Width) * k + row) * Width + column % Width;

    /// <summary>The columns of a tile from a row on.</summary>
    public GemmPanel<T> Tile(int row, int column, int columns)
    {
        T* left = At(row, column);
        int right = column + columns / 2;
        // A tile that is cut off by the matrix's end reads its left columns twice.
        return new(left, right < n ? (nint)(At(row, right) - left) : 0, Width);
    }
}

/// <summary>Columns of B as a tile reads them, two vectors for each step of k.</summary>
/// <param name="left">The first vector.</param>
/// <param name="right">Values from the first vector to the second.</param>
/// <param name="step">Values from a step's vectors to the next step's.</param>
internal readonly unsafe struct GemmPanel<T>(T* left, nint right, nint step) where T : unmanaged
{
    public readonly T* Left = left;
    public readonly nint Right = right, Step = step;

    /// <summary>Memory that is fetched meanwhile, <see cref="FetchStep"/> values further at each step of k.</summary>
    public T* Fetched { get; init; } = left;

    /// <summary>Values that are fetched at a step.</summary>
    public nint FetchStep { get; init; }
}
