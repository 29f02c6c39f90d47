using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Parity;

/// <summary>
/// The largest errors that pass on a device that multiplies in TF32 or bfloat16. One rounding to 11 significant bits has a relative error
/// of 2.1e-4 in the mean square, one to 8 bits 1.7e-3; those of different roundings are independent and add as squares.
/// </summary>
/// <param name="Tf32">The tolerance in TF32.</param>
/// <param name="BFloat16">The tolerance in bfloat16.</param>
/// <param name="Unit">The unit of both; null: a relative L2 error.</param>
public sealed record ReducedTolerance(double Tf32, double BFloat16, string? Unit = null)
{
    const double RoundingOfTf32 = 2.1e-4, RoundingOfBFloat16 = 1.7e-3;

    /// <summary>Worst of several results over expected error of one.</summary>
    const double Reserve = 2;

    /// <summary>Zeros in the place of all gradients have an error of 1.</summary>
    const double LessThanNothing = 0.9;

    /// <summary>
    /// Roundings of a layer to bfloat16: its product's two operands and its results, which the norm behind it gives once more.
    /// </summary>
    const int Stored = 4, Operands = 2;

    /// <summary>The tolerance of what a network gives.</summary>
    /// <param name="layers">Products in a row.</param>
    public static ReducedTolerance OfResults(int layers) =>
        new(Reserve * Forward(layers * Operands, RoundingOfTf32), Reserve * Forward(layers * Stored, RoundingOfBFloat16));

    /// <summary>
    /// The tolerance of all gradients of a network as one vector: backward rounds as often again. Where each layer ends in a ReLU, a value
    /// that is off by a relative ε passes 0 in a share ε/π of the elements, whose gradients are then let through or blocked in error; half
    /// of the elements have any, so that 2ε/π of the gradient's square is wrong. Never so much that no gradient at all would pass.
    /// </summary>
    /// <inheritdoc cref="OfResults"/>
    public static ReducedTolerance OfGradients(int layers, bool relu) =>
        new(Reserve * Backward(layers, Operands, RoundingOfTf32, relu),
            Math.Min(LessThanNothing, Reserve * Backward(layers, Stored, RoundingOfBFloat16, relu)));

    internal double In(Precision precision) => precision == Precision.Tf32 ? Tf32 : BFloat16;

    static double Forward(int roundings, double rounding) => rounding * Math.Sqrt(roundings);

    static double Backward(int layers, int each, double rounding, bool relu)
    {
        double squares = 2 * Math.Pow(Forward(layers * each, rounding), 2);
        for (int layer = 1; relu && layer <= layers; layer++) squares += 2 * Forward(layer * each, rounding) / Math.PI;
        return Math.Sqrt(squares);
    }
}
