using NativeRetrieval.Core.Devices;
using System.Globalization;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>Everything that the choice of an algorithm for a row-major product C = op(A)·op(B) depends on.</summary>
/// <param name="Operands">Type of A and B: float32 or bfloat16.</param>
/// <param name="Result">Type of C and of the epilogue's vector: float32, or the operands'.</param>
/// <param name="Math">The precision of the products: <see cref="Precision.BFloat16"/> exactly where the operands are.</param>
/// <param name="IsExact">True for float32 products that must be sums of float32 products, not of split ones.</param>
/// <param name="AlignmentBytes">The largest power of two up to 256 that divides all addresses.</param>
/// <param name="Count">Products of this kind at a time, whose matrices follow one another.</param>
internal readonly record struct ProductShape(int Rows, int Columns, int Inner, bool TransposeA, bool TransposeB, Epilogue Epilogue,
    CudaDataType Operands, CudaDataType Result, Precision Math, bool IsExact, int AlignmentBytes, int Count = 1)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Rows}x{Columns}x{Inner} {Letter(TransposeA)}{Letter(TransposeB)} {Epilogue} {Operands} {Result} {Math} ")
        + string.Create(CultureInfo.InvariantCulture, $"{(IsExact ? "exact " : "")}{AlignmentBytes}")
        + (Count > 1 ? string.Create(CultureInfo.InvariantCulture, $", {Count} at a time") : "");

    static char Letter(bool transpose) => transpose ? 'T' : 'N';
}
