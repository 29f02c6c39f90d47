using NativeRetrieval.Core.Devices;
using System.Globalization;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>Everything that the choice of an algorithm for a row-major product C = op(A)·op(B) depends on.</summary>
/// <param name="Operands">Type of A and B: float32 or bfloat16.</param>
/// <param name="Result">Type of C and of the epilogue's vector: float32, or the operands'.</param>
/// <param name="Math">The precision of the products: <see cref="Precision.BFloat16"/> exactly where the operands are.</param>
/// <param name="AlignmentBytes">The largest power of two up to 256 that divides all addresses.</param>
internal readonly record struct ProductShape(int Rows, int Columns, int Inner, bool TransposeA, bool TransposeB, Epilogue Epilogue,
    CudaDataType Operands, CudaDataType Result, Precision Math, int AlignmentBytes)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Rows}x{Columns}x{Inner} {(TransposeA ? "T" : "N")}{(TransposeB ? "T" : "N")} {Epilogue} {Operands} {Result} {Math} {AlignmentBytes}");
}
