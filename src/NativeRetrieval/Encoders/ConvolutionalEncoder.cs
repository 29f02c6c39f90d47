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
    /// <summary>
    /// Bytes of one clip's maps from which the CPU takes clips one after another: the weights of such stages are small beside the maps, and
    /// are read again for little. What follows has large weights and small maps, and takes the whole batch.
    /// </summary>
    const long LargeMaps = 1 << 20;

    readonly List<EncoderStage> _stages = [];

    private protected ConvolutionalEncoder(ConvolutionalEncoderConfig config, Device device, DType dtype) : base(config, device, dtype)
    {
    }

    private protected override IEnumerable<Module> StagesAfterNorm => _stages;

    /// <summary>Adds the next part.</summary>
    private protected void Stage(string name, EncoderStage stage) => _stages.Add(Child(name, stage));

    private protected override Tensor Embed(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        int first = 0;
        if (pass is null && own.Table is null && x.Shape[0] > 1 && x.Device is CpuDevice) (x, first) = TakeOneByOne(x);
        for (int i = first; i < _stages.Count; i++) (x, own) = _stages[i].Forward(x, own, _stages[i].IsTrainable ? pass : null);
        return Op.ClipPooling(Op.ToLayout(x, Layout.Contiguous), own.Tensor);
    }

    /// <summary>The maps of all clips after the stages with large maps, and the number of these.</summary>
    /// <param name="x">[N, 1, T, F], contiguous, all frames real.</param>
    (Tensor Maps, int Stages) TakeOneByOne(Tensor x)
    {
        using var scope = TensorScope.Begin();
        var clips = new Tensor[x.Shape[0]];
        var layout = x.Layout;
        int stages = 0;
        for (int clip = 0; clip < clips.Length; clip++)
        {
            using var work = TensorScope.Begin();
            var maps = x.Rows(clip, 1);
            for (int i = 0; clip == 0 ? i == 0 || (i < _stages.Count && maps.SizeBytes > LargeMaps) : i < stages; i++)
            {
                (maps, _) = _stages[i].Forward(maps, own: default, pass: null);
                stages = Math.Max(stages, i + 1);
            }
            layout = maps.Layout;
            clips[clip] = work.Return(Op.ToLayout(maps, Layout.Contiguous));
        }
        return (scope.Return(Op.ToLayout(Op.Concat(clips), layout)), stages);
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
