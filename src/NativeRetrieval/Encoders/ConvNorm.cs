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
/// silence there. A GPU never stores the convolution of an encoder's first layer, of one channel: it is cheaper to compute it again.
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
        // A packed convolution is the faster one on the CPU; a GPU would write and read its maps once more for the mask.
        bool isFirst = inChannels == 1 && kernel > 1, isPacked = !isFirst || x.Device is CpuDevice;
        if (isPacked && Folded(x, lengths, pass) is { } y) return scope.Return(y);
        if (!isFirst) return scope.Return(Norm.Forward(Convolution.Forward(Activations.Enter(x)), lengths, pass));
        return scope.Return(Norm.ForwardConvolved(Convolution, x, lengths, pass, Activations.After(x)));
    }

    /// <summary>
    /// The same, then the mean over <paramref name="window"/> x <paramref name="window"/>, without the frame that straddles a clip's end,
    /// and dropout.
    /// </summary>
    /// <param name="frees">True to free <paramref name="x"/> before the pooling: maps of a wide layer are large.</param>
    public Tensor ForwardPooled(Tensor x, Tensor? lengths, int window, double dropout, TrainingPass? pass, bool frees = false)
    {
        using var scope = TensorScope.Begin();
        // Pooling leaves out the frames behind a clip's own itself.
        if (Folded(x, window == 1 ? lengths : null, pass) is { } y)
        {
            if (frees) x.Dispose();
            return scope.Return(window == 1 ? y : Op.AvgPool2d(y, window, window, lengths));
        }
        return scope.Return(Norm.ForwardPooled(Convolution.Forward(Activations.Enter(x)), lengths, window, dropout, pass));
    }

    /// <summary>
    /// The same, then max(· + <paramref name="shortcut"/>, 0): the end of a residual block. Frames behind a clip's own are 0 in the
    /// shortcut.
    /// </summary>
    public Tensor ForwardAdded(Tensor x, Tensor? lengths, Tensor shortcut, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        if (Folded(x, lengths, pass, shortcut) is { } y) return scope.Return(y);
        return scope.Return(Norm.ForwardAdded(Convolution.Forward(Activations.Enter(x)), lengths, shortcut, pass));
    }

    /// <summary>
    /// This layer of one channel, then <paramref name="next"/>, then the mean over 2 x 2, in one operation; null where a gradient or the
    /// batch's statistics are asked for, or for other kernels than 3x3.
    /// </summary>
    public Tensor? ForwardBlock(ConvNorm next, Tensor x, Tensor? lengths, TrainingPass? pass) =>
        inChannels == 1 && kernel == 3 && x.DType == DType.Float32
            && PackedFor(x, pass) is { } first && next.PackedFor(x, pass) is { } second
            ? Op.PackedConvBlock(x, first, second, lengths, x.Device.Activations) : null;

    /// <summary>Frees the packed weights of inference.</summary>
    public void ReleaseDerived() => _folded.Release();

    /// <summary>
    /// The layer as one convolution, with a summand and ReLU where one is given; null where a gradient or the batch's statistics are asked
    /// for.
    /// </summary>
    Tensor? Folded(Tensor x, Tensor? lengths, TrainingPass? pass, Tensor? summand = null)
    {
        if (PackedFor(x, pass) is not { } packed || (summand is not null && Tape.Follows(summand))) return null;
        return Op.PackedConv2d(Activations.Enter(x), packed, relu || summand is not null, summand, lengths);
    }

    /// <summary>The layer as one convolution of maps like <paramref name="x"/>; null where it is to be recorded or trained.</summary>
    PackedConvolution? PackedFor(Tensor x, TrainingPass? pass)
    {
        if (pass is not null) _folded.Release();
        return pass is null && x.DType != DType.Float64 && !Tape.Follows(x) && !Tape.Follows(Convolution.Weight)
            && !Tape.Follows(Norm.Weight) ? _folded.Of(Convolution, Norm, x.Shape[3]) : null;
    }
}
