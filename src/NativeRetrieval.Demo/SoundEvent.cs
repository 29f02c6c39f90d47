namespace NativeRetrieval.Demo;

/// <summary>One kind of sound as it is heard in a scene.</summary>
/// <param name="IsHigh">True for high or fast, false for low or slow; without effect where the kind does not vary.</param>
/// <param name="Times">Number of times it happens, 1 for a kind that cannot be counted.</param>
internal sealed record SoundEvent(SoundKind Kind, bool IsHigh, int Times, Loudness Loudness)
{
    public double Variant => Kind.Variation == Variation.None ? 1 : IsHigh ? 1.8 : 0.6;
}

internal enum Loudness
{
    Quiet,

    /// <summary>Captions do not mention it.</summary>
    Medium,

    Loud,
}
