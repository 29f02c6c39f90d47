using System.Text.Json.Serialization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>
/// An encoder as PANNs' networks are (Kong et al. 2020): bn0, convolutional stages, then the mean over mel, and maximum plus mean over
/// time. The final linear layers belong to the projection head. Names are PANNs': <c>bn0</c>, <c>conv_block1.conv1</c> … From the first
/// convolution to the pooling over time activations have the device's type.
/// </summary>
public abstract class ConvolutionalEncoder : AudioEncoder
{
    readonly List<EncoderStage> _stages = [];

    private protected ConvolutionalEncoder(ConvolutionalEncoderConfig config, Device device, DType dtype) : base(config, device, dtype)
    {
    }

    private protected override IEnumerable<Module> StagesAfterNorm => _stages;

    /// <summary>Adds the next part.</summary>
    private protected void Stage(string name, EncoderStage stage) => _stages.Add(Child(name, stage));

    private protected override Tensor Embed(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        foreach (var stage in _stages) (x, own) = stage.Forward(x, own, stage.IsTrainable ? pass : null);
        return Op.ClipPooling(Op.ToLayout(x, Layout.Contiguous), own.Tensor);
    }
}

/// <summary>Sizes and choices of a <see cref="ConvolutionalEncoder"/>.</summary>
public abstract record ConvolutionalEncoderConfig : AudioEncoderConfig
{
    const int MostChannels = 65_536;

    private protected ConvolutionalEncoderConfig(AudioArchitecture architecture) : base(architecture) => Channels = architecture.Channels;

    /// <summary>
    /// Output channels of the blocks in their order; the last is the width of the embedding. Pruned models have any numbers ≥ 1.
    /// </summary>
    public IReadOnlyList<int> Channels { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int Width => Channels[^1];

    /// <summary>Number of times that the mel axis is halved.</summary>
    internal abstract int Halvings { get; }

    /// <inheritdoc/>
    public override void Validate()
    {
        var (blocks, bins) = (Architecture.Channels.Count, 1 << Halvings);
        if (Channels.Count != blocks || Channels.Any(c => c is < 1 or > MostChannels))
            throw new OptionException(
                $"{Name} has {blocks} widths of 1 … {MostChannels:N0} channels; got [{string.Join(", ", Channels.Take(2 * blocks))}]");
        if (MelBins < bins || MelBins > MostMelBins)
            throw new OptionException($"{Name} halves the mel axis {Halvings} times and needs {bins} … {MostMelBins} bins, got {MelBins}");
        base.Validate();
    }

    /// <summary>Equality of kind and values.</summary>
    public virtual bool Equals(ConvolutionalEncoderConfig? other) => base.Equals(other) && Channels.SequenceEqual(other.Channels);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Channels.Count, Channels[^1]);
}
