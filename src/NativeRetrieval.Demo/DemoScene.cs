using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo;

/// <summary>The content of one clip: one event, or one followed by another.</summary>
internal sealed record DemoScene(SoundEvent First, SoundEvent? Second)
{
    /// <summary>Most scenes of a collection: well below the number of different ones, so that drawing finds a new one quickly.</summary>
    public const int MostScenes = 2000;

    const int MostTimes = 3;

    /// <summary>Different scenes, a little more than half of two events, in which every kind comes first equally often.</summary>
    public static DemoScene[] Draw(int count, PhiloxSequence random)
    {
        var seen = new HashSet<DemoScene>();
        var scenes = new DemoScene[count];
        var deck = new List<SoundKind>();
        for (int i = 0; i < count; i++)
        {
            if (deck.Count == 0) deck = Shuffled(random);
            do
            {
                scenes[i] = One(deck[^1], random);
            }
            while (!seen.Add(scenes[i]));
            deck.RemoveAt(deck.Count - 1);
        }
        return scenes;
    }

    static DemoScene One(SoundKind kind, PhiloxSequence random)
    {
        if (random.NextBelow(2) == 0) return new DemoScene(Event(kind, (Loudness)random.NextBelow(3), random), null);
        var others = SoundKind.All.Where(other => other != kind).ToList();
        return new DemoScene(Event(kind, Loudness.Medium, random), Event(others[random.NextBelow(others.Count)], Loudness.Medium, random));
    }

    static SoundEvent Event(SoundKind kind, Loudness loudness, PhiloxSequence random)
    {
        bool isHigh = random.NextBelow(2) == 1;
        int times = 1 + random.NextBelow(MostTimes);
        return new SoundEvent(kind, isHigh && kind.Variation != Variation.None, kind.IsCountable ? times : 1, loudness);
    }

    static List<SoundKind> Shuffled(PhiloxSequence random)
    {
        SoundKind[] kinds = [.. SoundKind.All];
        random.Shuffle<SoundKind>(kinds);
        return [.. kinds];
    }
}
