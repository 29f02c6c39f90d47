using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary><c>y = tanh(W·x + b)</c> of a sentence's first token.</summary>
internal sealed class BertPooler : Module
{
    readonly Linear _dense;

    public BertPooler(BertConfig config, Device device, DType dtype, PhiloxSequence? random) =>
        _dense = Child("dense", Linear.Normal(config.Width, config.Width, config.InitialDeviation, device, dtype, random));

    /// <param name="x">[B, D].</param>
    public Tensor Forward(Tensor x)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Op.Tanh(_dense.Forward(x)));
    }
}
