using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>Sizes and choices of an <see cref="AudioEncoder"/>. In files, <c>type</c> says which of them it is.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = TypeKey)]
[JsonDerivedType(typeof(Cnn14Config), "cnn14")]
[JsonDerivedType(typeof(ResNet38Config), "resnet38")]
[JsonDerivedType(typeof(Cnn10Config), "cnn10")]
[JsonDerivedType(typeof(Cnn6Config), "cnn6")]
public abstract record AudioEncoderConfig
{
    internal const string TypeKey = "type";

    /// <summary>Every kind in its published form.</summary>
    internal static AudioEncoderConfig[] Published { get; } = [new Cnn14Config(), new ResNet38Config(), new Cnn10Config(), new Cnn6Config()];

    /// <param name="name">The field's name of the architecture.</param>
    /// <param name="channels">The published widths.</param>
    private protected AudioEncoderConfig(string name, int[] channels) => (Name, Channels) = (name, channels);

    /// <summary>The architecture, such as CNN14.</summary>
    [JsonIgnore]
    public string Name { get; }

    /// <summary>Output channels of the blocks in their order; the last is the width of the embedding. Pruned models have any widths ≥ 1.</summary>
    public IReadOnlyList<int> Channels { get; init; }

    /// <summary>Mel bins of the input; at least as many as the poolings halve away.</summary>
    public int MelBins { get; init; } = 64;

    /// <summary>Share of values dropped in training, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Width of the embedding.</summary>
    [JsonIgnore]
    public int Width => Channels[^1];

    /// <exception cref="OptionException">A value is outside its range.</exception>
    public abstract void Validate();

    /// <param name="blocks">How many widths there must be.</param>
    /// <param name="halvings">How often the mel axis is halved.</param>
    private protected void Validate(int blocks, int halvings)
    {
        if (Channels.Count != blocks || Channels.Any(c => c < 1))
            throw new OptionException($"{Name} has {blocks} widths of at least one channel; got [{string.Join(", ", Channels)}]");
        if (MelBins < 1 << halvings) throw new OptionException($"{Name} halves the mel axis {halvings} times and needs at least {1 << halvings} bins, got {MelBins}");
        if (Dropout is not (>= 0 and < 1)) throw new OptionException($"{Name}'s dropout must be in [0, 1), got {Dropout}");
    }

    public virtual bool Equals(AudioEncoderConfig? other) => other is not null && EqualityContract == other.EqualityContract
        && Channels.SequenceEqual(other.Channels) && MelBins == other.MelBins && Dropout.Equals(other.Dropout);

    public override int GetHashCode() => HashCode.Combine(Name, Channels.Count, Channels[^1], MelBins, Dropout);
}
