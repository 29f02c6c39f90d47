using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// <c>h = LayerNorm(x + attention(x))</c>, <c>y = LayerNorm(h + W₂·gelu(W₁·h))</c>: the post-norm layer of Devlin et al. 2019,
/// with dropout on the attention weights and on both summands.
/// </summary>
internal sealed class BertLayer : Module
{
    readonly Tensor[] _qkvWeights, _qkvBiases;
    readonly Linear _attended, _widen, _narrow;
    readonly LayerNorm _firstNorm, _secondNorm;
    readonly int _heads;
    readonly double _dropout, _attentionDropout;
    Int8Weight? _qkvInt8;

    public BertLayer(BertConfig config, Device device, DType dtype, PhiloxSequence? random)
    {
        (_heads, _dropout, _attentionDropout) = (config.Heads, config.Dropout, config.AttentionDropout);
        var queryKeyValue = Linear.Several(3, config.Width, config.Width, config.InitialDeviation, device, dtype, random);
        Child("attention.self.query", queryKeyValue[0]);
        Child("attention.self.key", queryKeyValue[1]);
        Child("attention.self.value", queryKeyValue[2]);
        _qkvWeights = Array.ConvertAll(queryKeyValue, layer => layer.Weight);
        _qkvBiases = Array.ConvertAll(queryKeyValue, layer => layer.Bias);
        _attended = Dense("attention.output.dense", config.Width, config.Width);
        _firstNorm = Norm("attention.output.LayerNorm");
        _widen = Dense("intermediate.dense", config.Width, config.HiddenWidth);
        _narrow = Dense("output.dense", config.HiddenWidth, config.Width);
        _secondNorm = Norm("output.LayerNorm");

        Linear Dense(string name, int inputs, int outputs) =>
            Child(name, Linear.Normal(inputs, outputs, config.InitialDeviation, device, dtype, random));

        LayerNorm Norm(string name) => Child(name, new LayerNorm(config.Width, config.LayerNormEpsilon, device, dtype));
    }

    /// <summary>Rounds the weights of the linear layers to 8 bits and frees them, once, as <see cref="Linear.ToInt8"/> does.</summary>
    public void ToInt8()
    {
        using var scope = TensorScope.Begin();
        _qkvInt8 ??= new Int8Weight(Op.Concat(_qkvWeights));
        foreach (var weight in _qkvWeights) weight.Dispose();
        foreach (var layer in (Linear[])[_attended, _widen, _narrow]) layer.ToInt8();
    }

    /// <inheritdoc/>
    protected override void ReleaseDerived()
    {
        base.ReleaseDerived();
        _qkvInt8?.Dispose();
    }

    /// <param name="x">[T, D], a row per real token.</param>
    public Tensor Forward(Tensor x, TokenLayout tokens, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(FromAttention(Attend(x, tokens, pass), x, pass));
    }

    /// <summary>The same in evaluation for each sentence's first token alone: what follows attention takes a token at a time.</summary>
    /// <param name="x">[T, D], a row per real token.</param>
    /// <returns>[B, D].</returns>
    public Tensor ForwardFirst(Tensor x, TokenLayout tokens)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(FromAttention(tokens.First(Attend(x, tokens, pass: null)), tokens.First(x), pass: null));
    }

    Tensor Attend(Tensor x, TokenLayout tokens, TrainingPass? pass)
    {
        var biases = Op.Concat(_qkvBiases);
        var qkv = _qkvInt8 is null ? Op.Linear(x, Op.Concat(_qkvWeights), biases) : Op.Int8Linear(x, _qkvInt8, biases);
        int longest = tokens.Longest;
        return pass is null
            ? Op.Attention(qkv, tokens.Starts, _heads, longest)
            : Op.Attention(qkv, tokens.Starts, _heads, longest, _attentionDropout,
                pass.NextStream((long)_heads * longest * longest));
    }

    Tensor FromAttention(Tensor attended, Tensor x, TrainingPass? pass)
    {
        x = _firstNorm.Forward(_attended.Forward(attended), x, _dropout, pass);
        return _secondNorm.Forward(_narrow.Forward(_widen.Forward(x, Activation.Gelu)), x, _dropout, pass);
    }
}
