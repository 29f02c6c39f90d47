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

    private protected const int MostMelBins = 512;

    private protected AudioEncoderConfig(AudioArchitecture architecture) => Architecture = architecture;

    /// <summary>Kind of encoder.</summary>
    [JsonIgnore]
    public AudioArchitecture Architecture { get; }

    /// <summary>Name in the literature, such as CNN14.</summary>
    [JsonIgnore]
    public string Name => Architecture.Name;

    /// <summary>Mel bins of the input.</summary>
    public int MelBins { get; init; } = 64;

    /// <summary>Share of values dropped in training, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Width of the embedding.</summary>
    [JsonIgnore]
    public abstract int Width { get; }

    /// <summary>The most frames that the encoder takes at once; null: any number.</summary>
    [JsonIgnore]
    public virtual int? MostFrames => null;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionException">A value is outside its range.</exception>
    public virtual void Validate()
    {
        if (Dropout is not (>= 0 and < 1)) throw new OptionException($"{Name}'s dropout must be in [0, 1), got {Dropout}");
    }

    /// <summary>Equality of kind and values.</summary>
    public virtual bool Equals(AudioEncoderConfig? other) => other is not null && EqualityContract == other.EqualityContract
        && MelBins == other.MelBins && Dropout.Equals(other.Dropout);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Architecture, MelBins, Dropout);
}
