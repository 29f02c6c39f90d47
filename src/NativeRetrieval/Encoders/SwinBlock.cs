using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// <c>h = x + attention(LayerNorm(x))</c>, <c>y = h + W₂·gelu(W₁·LayerNorm(h))</c>: the pre-norm block of Swin (Liu et al. 2021), with
/// attention in windows and dropout on both summands.
/// </summary>
internal sealed class SwinBlock : Module
{
    /// <summary>Deviation of the starting weights and bias tables (Swin's code).</summary>
    internal const double InitialDeviation = 0.02;

    readonly LayerNorm _firstNorm, _secondNorm;
    readonly Tensor _biasTable, _qkvWeight;
    readonly Tensor? _qkvBias;
    readonly Linear _attended, _widen, _narrow;
    readonly int _heads, _window, _shift;
    readonly double _dropout;

    public SwinBlock(HtsAtConfig config, int layer, int shift, Device device, PhiloxSequence? random, DType dtype)
    {
        (_heads, _window, _shift, _dropout) = (config.Heads[layer], config.Window, shift, config.Dropout);
        int width = config.WidthOf(layer), places = 2 * _window - 1, hidden = (int)(config.MlpRatio * width);
        _biasTable = Parameter("attn.relative_position_bias_table", Normal([places * places, _heads]));
        _qkvWeight = Parameter("attn.qkv.weight", Normal([3 * width, width]));
        if (config.QkvBias) _qkvBias = Parameter("attn.qkv.bias", Tensor.Zeros([3 * width], device, dtype));
        _firstNorm = Child("norm1", new LayerNorm(width, config.LayerNormEpsilon, device, dtype));
        _attended = Child("attn.proj", Linear.Normal(width, width, InitialDeviation, device, dtype, random));
        _secondNorm = Child("norm2", new LayerNorm(width, config.LayerNormEpsilon, device, dtype));
        _widen = Child("mlp.fc1", Linear.Normal(width, hidden, InitialDeviation, device, dtype, random));
        _narrow = Child("mlp.fc2", Linear.Normal(hidden, width, InitialDeviation, device, dtype, random));

        Tensor Normal(Shape shape) => Initialization.Normal(shape, InitialDeviation, device, dtype, random);
    }

    /// <param name="x">[N, H, W, C].</param>
    /// <returns>Like <paramref name="x"/>.</returns>
    public Tensor Forward(Tensor x, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        var attended = Op.Add(Drop(Attend(x), pass), x);
        return scope.Return(Op.Add(Drop(Widen(attended), pass), attended));
    }

    /// <inheritdoc/>
    protected override void ArrangeWeights() => _qkvWeight.TryArrange();

    // Each half frees its intermediate values at its end, so that the other half works in the same memory, which is still in the caches.
    Tensor Attend(Tensor x)
    {
        using var scope = TensorScope.Begin();
        Tensor qkv;
        using (var normed = _firstNorm.Forward(x)) qkv = Op.Linear(normed, _qkvWeight, _qkvBias);
        return scope.Return(_attended.Forward(Op.WindowAttention(qkv, _biasTable, _heads, _window, _shift)));
    }

    Tensor Widen(Tensor x)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(_narrow.Forward(_widen.Forward(_secondNorm.Forward(x), Activation.Gelu)));
    }

    Tensor Drop(Tensor x, TrainingPass? pass) =>
        pass is null ? x : Op.Dropout(x, _dropout, pass.NextStream(x.Shape[1..].Count));
}
