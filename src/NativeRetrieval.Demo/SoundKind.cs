using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo;

/// <summary>Fills a span with one event of a kind, at any level (the scene sets it).</summary>
/// <param name="variant">About 0.6 for low or slow, 1.8 for high or fast, 1 for a kind that does not vary.</param>
internal delegate void Render(Span<float> output, double variant, PhiloxSequence random);

/// <summary>A kind of sound: the formula that makes it and the phrases that name it.</summary>
/// <param name="IsCountable">True if it happens once, twice or three times, rather than going on.</param>
/// <param name="Phrases">Ways to say it, at least two.</param>
internal sealed record SoundKind(string Name, Variation Variation, bool IsCountable, Render Render, params Phrase[] Phrases)
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        .. Kinds.Tones.All, .. Kinds.Noises.All, .. Kinds.Impacts.All, .. Kinds.Strings.All, .. Kinds.Animals.All, .. Kinds.Machines.All,
    ];
}

/// <summary>One way to say what sounds, e.g. <c>("bell", "rings", "ringing")</c>.</summary>
/// <param name="Subject">Singular, without an article.</param>
/// <param name="Verb">Third person, with more words where needed, as in "is beaten".</param>
/// <param name="Gerund">For "the sound of a bell ringing"; empty where the subject says all.</param>
/// <param name="IsMass">Takes no article: rain, wind.</param>
internal sealed record Phrase(string Subject, string Verb, string Gerund, bool IsMass = false);

/// <summary>Audible variation of a kind of sound, beside loudness and number.</summary>
internal enum Variation
{
    /// <summary>No variation.</summary>
    None,

    /// <summary>Low or high: the variant scales frequencies.</summary>
    Pitch,

    /// <summary>Slow or fast: the variant scales the rate of repetition inside the sound.</summary>
    Rate,
}
