using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// A convolution, batch norm and, where asked for, ReLU. Frames behind a clip's own are 0 in the result, so that the next convolution sees
/// silence there. The first layer of an encoder, of one channel, does not store its convolution where the device computes it twice faster.
/// </summary>
internal sealed class ConvNorm(
    int inChannels, int outChannels, int kernel, bool relu, double gain, Device device, DType dtype, PhiloxSequence? random)
{
    readonly FoldedConvolution _folded = new();

    public Conv2d Convolution { get; } = new(inChannels, outChannels, kernel, device, dtype, random);

    public BatchNorm Norm { get; } = new(outChannels, device, dtype, relu: relu, gain: gain);

    public Tensor Forward(Tensor x, Tensor? lengths, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        bool isFirst = inChannels == 1 && kernel > 1;
        // A packed convolution is the faster one on the CPU; a GPU would write and read its maps once more for the mask.
        bool isPacked = !isFirst || x.Device is CpuDevice;
        if (isPacked && pass is null && x.DType == DType.Float32
            && !Tape.Follows(x) && !Tape.Follows(Convolution.Weight) && !Tape.Follows(Norm.Weight))
        {
            var y = Op.PackedConv2d(x, _folded.Of(Convolution, Norm, x.Shape[3]), relu);
            return scope.Return(lengths is null ? y : Op.MaskFrames(y, lengths));
        }
        if (pass is not null) _folded.Release();
        if (!isFirst) return scope.Return(Norm.Forward(Convolution.Forward(x), lengths, pass));
        var stored = x.DType == DType.Float32 ? x.Device.Activations : x.DType;
        return scope.Return(Norm.ForwardConvolved(Convolution, x, lengths, pass, stored));
    }

    /// <summary>Frees the packed weights of inference.</summary>
    public void ReleaseDerived() => _folded.Release();
}
