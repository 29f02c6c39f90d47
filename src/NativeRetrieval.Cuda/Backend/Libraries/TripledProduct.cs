using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Interop.Cublas;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// A float32 product as a TF32 one over three times as many inner elements, with both matrices split (<see cref="SplitOrder"/>): it has
/// float32's accuracy at a third of the tensor cores' speed.
/// </summary>
internal static class TripledProduct
{
    public const int Parts = 3;

    /// <summary>False for other types, for products that must be exact, and for sums of B's rows, which would count parts twice.</summary>
    public static bool Suits(ProductShape shape) =>
        shape is { Operands: CudaDataType.Float32, Math: Precision.Float32, IsExact: false } && shape.Epilogue != Epilogue.BiasGradientB;

    /// <summary>Bytes of the split matrices.</summary>
    public static long Bytes(ProductShape shape) => Parts * sizeof(float) * ((long)shape.Rows + shape.Columns) * shape.Inner;

    /// <summary>The parts lie in memory of the allocator's alignment; C where it lay.</summary>
    public static ProductShape Of(ProductShape shape) => shape with { Inner = checked(Parts * shape.Inner), Math = Precision.Tf32 };

    /// <summary>Splits both matrices; the caller frees them.</summary>
    public static (Tensor A, Tensor B) Split(ProductShape shape, ProductOperands operands, CudaDevice device, SplitKernel split)
    {
        return (Make(operands.A, shape.Rows, shape.TransposeA, SplitOrder.HighHighLow),
            Make(operands.B, shape.Columns, !shape.TransposeB, SplitOrder.HighLowHigh));

        // The inner axis is the rows' own, or that of the rows: then the parts are matrices below one another.
        Tensor Make(nint values, int outer, bool innerFirst, SplitOrder order)
        {
            var parts = Tensor.Empty([Parts, checked(outer * shape.Inner)], device);
            if (innerFirst) split(values, parts.Address, 1, (long)outer * shape.Inner, order);
            else split(values, parts.Address, outer, shape.Inner, order);
            return parts;
        }
    }
}
