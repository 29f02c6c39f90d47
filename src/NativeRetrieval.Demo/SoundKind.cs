using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo;

/// <summary>Fills a span with one event of a kind, at any level (the scene sets it).</summary>
/// <param name="variant">About 0.6 for low or slow, 1.8 for high or fast, 1 for a kind that does not vary.</param>
internal delegate void Render(Span<float> output, double variant, PhiloxSequence random);

/// <summary>A kind of sound: how it is made and what it is called.</summary>
/// <param name="IsCountable">It happens once, twice or three times, rather than going on.</param>
/// <param name="Phrases">At least two.</param>
internal sealed record SoundKind(string Name, Variation Variation, bool IsCountable, Render Render, params Phrase[] Phrases)
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        .. Kinds.Tones.All, .. Kinds.Noises.All, .. Kinds.Impacts.All, .. Kinds.Strings.All, .. Kinds.Animals.All, .. Kinds.Machines.All,
    ];
}
