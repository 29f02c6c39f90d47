namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Splits float32 values v into hi, v rounded to TF32, and lo = v − hi, again rounded, and writes three of them behind one another for
/// each row: x [rows, columns] becomes y [rows, 3 · columns]. Infinity and NaN are their first part alone, the others are 0.
/// </summary>
internal delegate void SplitKernel(nint x, nint y, long rows, long columns, SplitOrder order);

/// <summary>
/// The parts of a split operand. One operand of a product has the first order, the other the second: along a sum of triple length they
/// meet as hi·hi + hi·lo + lo·hi, which lacks only lo·lo, 2⁻²² of the product.
/// </summary>
internal enum SplitOrder
{
    HighHighLow,
    HighLowHigh,
}
