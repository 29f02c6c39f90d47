using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// The weight of a linear layer as 8-bit integers, for inference on the CPU: a quarter of the memory. Symmetric per output by the rule of
/// <see cref="Serialization.Int8Weights"/>, in the order in which the machine's kernel reads it. It does not follow later changes of the
/// tensor it was made from, which may be freed.
/// </summary>
public sealed class Int8Weight : IDisposable
{
    /// <param name="weight">W, [O, I], float32, contiguous, on the CPU; I at most 66,311, what int32 sums hold.</param>
    /// <exception cref="ShapeException">Type, shape or layout differ.</exception>
    /// <exception cref="NativeRetrievalException">A weight is NaN or infinite.</exception>
    /// <exception cref="OptionException">The weight is on a GPU.</exception>
    public Int8Weight(Tensor weight)
    {
        Shape.ExpectRank(weight, 2, "[O, I]", nameof(Int8Weight));
        Expect.Contiguous(weight, nameof(Int8Weight));
        if (weight.DType != DType.Float32) throw new ShapeException($"Int8Weight: weight must be float32, got {weight.Describe()}");
        if (weight.Shape[1] > MostInputs)
            throw new ShapeException($"Int8Weight: int32 sums hold at most {MostInputs} inputs, got {weight.Shape}");
        Shape = weight.Shape;
        var (integers, scales, sums) = weight.Backend.Int8LinearWeight(weight);
        // They live as long as this object, not as the scope it is made in.
        (Integers, Scales, Sums) = (TensorScope.Detach(integers), TensorScope.Detach(scales), TensorScope.Detach(sums));
    }

    /// <summary>The longest sum of products 255·127 that an int32 holds.</summary>
    internal const int MostInputs = int.MaxValue / (255 * 127);

    /// <summary>[O, I].</summary>
    public Shape Shape { get; }

    /// <summary>Memory that it takes, in bytes: about O·I.</summary>
    public long SizeBytes => Integers.SizeBytes + Scales.SizeBytes + Sums.SizeBytes;

    /// <summary>Integers in the backend's order, int8.</summary>
    internal Tensor Integers { get; }

    /// <summary>A factor for each output, float32, and zeros behind the last.</summary>
    internal Tensor Scales { get; }

    /// <summary>The sum of the integers of each output, int32, and zeros behind the last.</summary>
    internal Tensor Sums { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Integers.Dispose();
        Scales.Dispose();
        Sums.Dispose();
    }
}

public static partial class Op
{
    /// <summary>
    /// <c>y = activation(x̂·Ŵᵀ + b)</c> over the last axis, for inference on the CPU: <see cref="Linear"/> in 8 bits. Each row of x is
    /// rounded to integers a of 0 … 255 by its own range, x̂ = s·(a − z) with s = (max − min)/255 and z the integer of 0; products are
    /// summed exactly, in int32: <c>Σ x̂·ŵ = s·t·(Σ a·w − z·Σ w)</c> with t the scale of the output. Bias and activation are float32. A
    /// row's result depends on that row alone; it is NaN where the row holds NaN or an infinity.
    /// </summary>
    /// <param name="x">[…, I], float32, contiguous.</param>
    /// <param name="bias">b, [O], float32, or null.</param>
    /// <returns>[…, O], float32.</returns>
    /// <exception cref="ShapeException">x or b does not fit the weight.</exception>
    /// <exception cref="NativeRetrievalException">A tape follows x or b: this op has no gradient.</exception>
    public static Tensor Int8Linear(Tensor x, Int8Weight weight, Tensor? bias = null, Activation activation = Activation.None)
    {
        Expect.Contiguous(x);
        if (x.DType != DType.Float32) throw new ShapeException($"Int8Linear: x must be float32, got {x.Describe()}");
        if (x.Device != weight.Integers.Device)
            throw new ShapeException($"Int8Linear: x must be on the weight's device, {weight.Integers.Device}, got {x.Describe()}");
        if (x.Shape.Length == 0) throw new ShapeException("Int8Linear: x must have at least one axis [..., I], got a scalar");
        if (x.Shape[^1] != weight.Shape[1])
            throw new ShapeException($"Int8Linear: x must have the weight's {weight.Shape[1]} inputs in its last axis, got {x.Shape}");
        if (bias is not null)
        {
            Expect.Parameter(bias, x);
            Shape.Expect(bias, [weight.Shape[0]], "one value per output");
        }
        if (Tape.Follows(x) || (bias is not null && Tape.Follows(bias)))
            throw new NativeRetrievalException("Int8Linear has no gradient; use Linear where a tape records");
        var y = Tensor.Empty(x.Shape[..^1].Append(weight.Shape[0]), x.Device);
        x.Backend.Int8Linear(x, weight, bias, activation, y);
        return y;
    }
}

internal partial interface IBackend
{
    /// <summary>The three tensors of an <see cref="Int8Weight"/>.</summary>
    (Tensor Integers, Tensor Scales, Tensor Sums) Int8LinearWeight(Tensor weight);

    void Int8Linear(Tensor x, Int8Weight weight, Tensor? bias, Activation activation, Tensor y);
}
