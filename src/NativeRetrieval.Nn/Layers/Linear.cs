using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary><c>y = activation(x·Wᵀ + b)</c> over the last axis.</summary>
public sealed class Linear : Module
{
    Int8Weight? _int8;

    /// <summary>A layer of these tensors, which it owns from now on.</summary>
    /// <param name="weight">W, [O, I].</param>
    /// <param name="bias">b, [O].</param>
    public Linear(Tensor weight, Tensor bias)
    {
        Shape.ExpectRank(weight, 2, "[O, I]");
        Shape.Expect(bias, [weight.Shape[0]], "one value per output");
        Weight = Parameter("weight", weight);
        Bias = Parameter("bias", bias);
    }

    /// <summary>W, [O, I].</summary>
    public Tensor Weight { get; }

    /// <summary>b, [O].</summary>
    public Tensor Bias { get; }

    /// <summary>PyTorch's starting values: weight and bias uniform in ±1/√I.</summary>
    public static Linear Uniform(int inputs, int outputs, Device device, DType dtype, PhiloxSequence? random)
    {
        double bound = 1 / Math.Sqrt(inputs);
        return new Linear(
            Initialization.Uniform([outputs, inputs], bound, device, dtype, random),
                Initialization.Uniform([outputs], bound, device, dtype, random));
    }

    /// <summary>BERT's starting values: a normal weight of the given deviation, zero bias.</summary>
    public static Linear Normal(int inputs, int outputs, double deviation, Device device, DType dtype, PhiloxSequence? random) =>
        new(Initialization.Normal([outputs, inputs], deviation, device, dtype, random), Tensor.Zeros([outputs], device, dtype));

    /// <summary>
    /// Several layers of one input and one size with the starting values of <see cref="Normal"/>. Their weights lie one behind the other
    /// in memory, so that <see cref="Op.Concat"/> is one product.
    /// </summary>
    public static Linear[] Several(int count, int inputs, int outputs, double deviation, Device device, DType dtype,
        PhiloxSequence? random)
    {
        using var weights = Initialization.Normal([count * outputs, inputs], deviation, device, dtype, random);
        using var biases = Tensor.Zeros([count * outputs], device, dtype);
        return [.. weights.Split(count).Zip(biases.Split(count), (weight, bias) => new Linear(weight, bias))];
    }

    /// <summary>
    /// Rounds the weight to 8 bits and frees it: from then on the layer computes by <see cref="Op.Int8Linear"/>, and can be neither trained
    /// nor saved.
    /// </summary>
    /// <exception cref="Core.Errors.OptionException">The layer is on a GPU.</exception>
    /// <exception cref="Core.Errors.NativeRetrievalException">A weight is NaN or infinite.</exception>
    public void ToInt8()
    {
        _int8 ??= new Int8Weight(Weight);
        Weight.Dispose();
    }

    /// <summary>Applies the layer to each row of the last axis.</summary>
    /// <param name="x">[…, I].</param>
    /// <returns>[…, O].</returns>
    public Tensor Forward(Tensor x, Activation activation = Activation.None) =>
        _int8 is null ? Op.Linear(x, Weight, Bias, activation) : Op.Int8Linear(x, _int8, Bias, activation);

    /// <inheritdoc/>
    protected override void ArrangeWeights()
    {
        if (_int8 is null) Weight.TryArrange();
    }

    /// <inheritdoc/>
    protected override void ReleaseDerived() => _int8?.Dispose();
}
