namespace NativeRetrieval.Demo;

/// <summary>In what a kind of sound varies audibly, beside loudness and number.</summary>
internal enum Variation
{
    /// <summary>In nothing.</summary>
    None,

    /// <summary>Low or high: the variant scales frequencies.</summary>
    Pitch,

    /// <summary>Slow or fast: the variant scales the rate of repetition inside the sound.</summary>
    Rate,
}
