using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// <c>y = W₂·max(W₁·x + b₁, 0) + b₂</c>: from an encoder's vector into the space that sounds and sentences share. Names as in PyTorch's
/// Sequential: <c>0</c> and <c>2</c>.
/// </summary>
public sealed class ProjectionHead : Module
{
    readonly Linear _first, _second;

    /// <param name="inputs">Width of the encoder's vector.</param>
    /// <param name="hidden">Width in between; 2048 in the report.</param>
    /// <param name="outputs">Width of the shared space; 1024 in the report.</param>
    /// <param name="random">Starting values are drawn from it; null: zeros, for weights read from a file.</param>
    public ProjectionHead(int inputs, int hidden, int outputs, Device device, PhiloxSequence? random, DType dtype = DType.Float32)
    {
        _first = Child("0", Linear.Uniform(inputs, hidden, device, dtype, random));
        _second = Child("2", Linear.Uniform(hidden, outputs, device, dtype, random));
    }

    /// <summary>Width of the shared space.</summary>
    public int Width => _second.Weight.Shape[0];

    /// <param name="x">[N, inputs].</param>
    /// <returns>[N, Width].</returns>
    public Tensor Forward(Tensor x)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(_second.Forward(_first.Forward(x, Activation.Relu)));
    }
}
