namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// A matrix somewhere in memory: element (i, j) is <c>data[i·rowStride + j·columnStride]</c>. Row-major has a column
/// stride of 1, its transpose a row stride of 1; heads of an attention tensor and ranges of rows are views too.
/// </summary>
internal readonly unsafe struct MatrixView<T>(T* data, nint rowStride, nint columnStride = 1) where T : unmanaged
{
    public readonly T* Data = data;
    public readonly nint RowStride = rowStride, ColumnStride = columnStride;

    public MatrixView<T> Transposed => new(Data, ColumnStride, RowStride);

    public T* At(nint row, nint column) => Data + row * RowStride + column * ColumnStride;
}
