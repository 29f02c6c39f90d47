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
    readonly Linear _query, _key, _value, _attended, _widen, _narrow;
    readonly LayerNorm _firstNorm, _secondNorm;
    readonly int _heads;
    readonly double _dropout, _attentionDropout;

    public BertLayer(BertConfig config, Device device, DType dtype, PhiloxSequence? random)
    {
        (_heads, _dropout, _attentionDropout) = (config.Heads, config.Dropout, config.AttentionDropout);
        _query = Dense("attention.self.query", config.Width, config.Width);
        _key = Dense("attention.self.key", config.Width, config.Width);
        _value = Dense("attention.self.value", config.Width, config.Width);
        _attended = Dense("attention.output.dense", config.Width, config.Width);
        _firstNorm = Norm("attention.output.LayerNorm");
        _widen = Dense("intermediate.dense", config.Width, config.HiddenWidth);
        _narrow = Dense("output.dense", config.HiddenWidth, config.Width);
        _secondNorm = Norm("output.LayerNorm");

        Linear Dense(string name, int inputs, int outputs) =>
            Child(name, Linear.Normal(inputs, outputs, config.InitialDeviation, device, dtype, random));

        LayerNorm Norm(string name) => Child(name, new LayerNorm(config.Width, config.LayerNormEpsilon, device, dtype));
    }

    /// <param name="x">[T, D], a row per real token.</param>
    public Tensor Forward(Tensor x, TokenLayout tokens, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        var (q, k, v) = (tokens.Pad(_query.Forward(x)), tokens.Pad(_key.Forward(x)), tokens.Pad(_value.Forward(x)));
        var attended = pass is null
            ? Op.Attention(q, k, v, tokens.Lengths, _heads)
            : Op.Attention(q, k, v, tokens.Lengths, _heads, _attentionDropout, pass.NextStream());
        x = _firstNorm.Forward(Op.Add(Drop(_attended.Forward(tokens.Pack(attended)), pass), x));
        var hidden = _widen.Forward(x, Activation.Gelu);
        return scope.Return(_secondNorm.Forward(Op.Add(Drop(_narrow.Forward(hidden), pass), x)));
    }

    Tensor Drop(Tensor x, TrainingPass? pass) => pass is null ? x : Op.Dropout(x, _dropout, pass.NextStream());
}
