using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Sizes and choices of an <see cref="AudioEncoder"/>. In files, <c>type</c> is the <see cref="AudioArchitecture.Key"/>; each encoder's
/// file adds its own.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = TypeKey)]
public abstract partial record AudioEncoderConfig
{
    internal const string TypeKey = "type";

    const int MostChannels = 65_536, MostMelBins = 512;

    private protected AudioEncoderConfig(AudioArchitecture architecture) =>
        (Architecture, Channels) = (architecture, architecture.Channels);

    /// <summary>Kind of encoder.</summary>
    [JsonIgnore]
    public AudioArchitecture Architecture { get; }

    /// <summary>Name in the literature, such as CNN14.</summary>
    [JsonIgnore]
    public string Name => Architecture.Name;

    /// <summary>
    /// Output channels of the blocks in their order; the last is the width of the embedding. Pruned models have any numbers ≥ 1.
    /// </summary>
    public IReadOnlyList<int> Channels { get; init; }

    /// <summary>Mel bins of the input; at least as many as the poolings halve away.</summary>
    public int MelBins { get; init; } = 64;

    /// <summary>Share of values dropped in training, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Width of the embedding.</summary>
    [JsonIgnore]
    public int Width => Channels[^1];

    /// <summary>Number of times that the mel axis is halved.</summary>
    internal abstract int Halvings { get; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionException">A value is outside its range.</exception>
    public void Validate()
    {
        var (blocks, bins) = (Architecture.Channels.Count, 1 << Halvings);
        if (Channels.Count != blocks || Channels.Any(c => c is < 1 or > MostChannels))
            throw new OptionException(
                $"{Name} has {blocks} widths of 1 … {MostChannels:N0} channels; got [{string.Join(", ", Channels.Take(2 * blocks))}]");
        if (MelBins < bins || MelBins > MostMelBins)
            throw new OptionException($"{Name} halves the mel axis {Halvings} times and needs {bins} … {MostMelBins} bins, got {MelBins}");
        if (Dropout is not (>= 0 and < 1)) throw new OptionException($"{Name}'s dropout must be in [0, 1), got {Dropout}");
    }

    /// <summary>Equality of kind and values.</summary>
    public virtual bool Equals(AudioEncoderConfig? other) => other is not null && EqualityContract == other.EqualityContract
        && Channels.SequenceEqual(other.Channels) && MelBins == other.MelBins && Dropout.Equals(other.Dropout);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Architecture, Channels.Count, Channels[^1], MelBins, Dropout);
}
