using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// One register tile of a product, <c>C[r][j] (+)= Σ_k A_r[k] · W[k][j]</c>: every row r of A is an own pointer, and k walks
/// <see cref="SegmentCount"/> segments of <see cref="SegmentLength"/> steps. Because rows and segments are arbitrary, the same tile
/// computes a direct convolution (rows are pixels, a segment is a kernel row), its filter gradient (rows are channel and tap, a segment is
/// an image row) and the products of a Winograd transform.
/// </summary>
internal unsafe struct ConvTile
{
    public float* A;
    /// <summary>Offset of each row in A, in floats; <see cref="Rows"/> entries.</summary>
    public nint* RowOffsets;
    /// <summary>[panel][k][16]: the panel of 16 columns, k running over all segments.</summary>
    public float* W;
    /// <summary>Floats between two panels of W; used where a tile holds two.</summary>
    public nint PanelStride;
    public float* C;
    /// <summary>Offset of each row's 16 columns in C, in floats.</summary>
    public nint* ColumnOffsets;
    /// <summary>Floats between two panels of C.</summary>
    public nint ColumnPanelStride;
    /// <summary>Offset of each segment in A, in floats.</summary>
    public nint* Segments;
    public nint SegmentCount;
    public nint SegmentLength;
    /// <summary>Initial value of each column; null means zero.</summary>
    public float* Bias;
    /// <summary>Adds what C holds, after the sum: two levels of summation lose less than one long one.</summary>
    public bool Accumulate;
    public bool Relu;

    /// <summary>The kind that this processor runs best.</summary>
    public static TileKind Best { get; } =
        Avx512F.IsSupported ? TileKind.Avx512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? TileKind.Avx2 : TileKind.Portable;

    /// <summary>The kind to use for a number of panels: the AVX-512 tile holds two, so an odd number goes to the narrower one.</summary>
    public static TileKind For(TileKind kind, int panels) =>
        kind is not (TileKind.Avx512 or TileKind.Avx512Of8) || panels % 2 == 0 ? kind : Fma.IsSupported ? TileKind.Avx2 : TileKind.Portable;

    /// <summary>The kind of the same instructions that computes the fewest rows where <paramref name="rows"/> are wanted.</summary>
    public static TileKind ForRows(TileKind kind, int rows) =>
        kind == TileKind.Avx512 && Padded(TileKind.Avx512Of8, rows) < Padded(kind, rows) ? TileKind.Avx512Of8 : kind;

    /// <summary>Rows of the tiles that compute so many.</summary>
    public static int Padded(TileKind kind, int rows) => (rows + Rows(kind) - 1) / Rows(kind) * Rows(kind);

    /// <summary>Rows that one tile computes.</summary>
    public static int Rows(TileKind kind) => kind switch { TileKind.Avx512 => 10, TileKind.Avx512Of8 => 8, _ => 6 };

    /// <summary>Panels of 16 columns that one tile computes.</summary>
    public static int Panels(TileKind kind) => kind is TileKind.Avx512 or TileKind.Avx512Of8 ? 2 : 1;

    /// <summary>Computes the tile; elements of A are one float apart along k, or 16 where <paramref name="across"/> is set.</summary>
    public static void Run(TileKind kind, ConvTile* tile, bool across)
    {
        switch (kind)
        {
            case TileKind.Avx2 when across: ConvTileAvx2.Run<StepOf16>(tile); break;
            case TileKind.Avx2: ConvTileAvx2.Run<StepOf1>(tile); break;
            case TileKind.Avx512 when across: ConvTileAvx512.Run<StepOf16, RowsOf10>(tile); break;
            case TileKind.Avx512: ConvTileAvx512.Run<StepOf1, RowsOf10>(tile); break;
            case TileKind.Avx512Of8 when across: ConvTileAvx512.Run<StepOf16, RowsOf8>(tile); break;
            case TileKind.Avx512Of8: ConvTileAvx512.Run<StepOf1, RowsOf8>(tile); break;
            default:
                if (across) ConvTilePortable.Run<StepOf16>(tile);
                else ConvTilePortable.Run<StepOf1>(tile);
                break;
        }
    }
}

/// <summary>The instructions that compute a register tile.</summary>
internal enum TileKind { Portable, Avx2, Avx512, Avx512Of8 }

/// <summary>Rows of a tile, known when the kernel is compiled.</summary>
internal interface ITileRows
{
    static abstract int Count { get; }
}

internal readonly struct RowsOf10 : ITileRows
{
    public static int Count => 10;
}

internal readonly struct RowsOf8 : ITileRows
{
    public static int Count => 8;
}

/// <summary>Distance of two elements of A along k, known when the kernel is compiled.</summary>
internal interface ITileStep
{
    static abstract nint Floats { get; }
}

/// <summary>k runs over channels inside a block.</summary>
internal readonly struct StepOf1 : ITileStep
{
    public static nint Floats => 1;
}

/// <summary>k runs over pixels.</summary>
internal readonly struct StepOf16 : ITileStep
{
    public static nint Floats => 16;
}
