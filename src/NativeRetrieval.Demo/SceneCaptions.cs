using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo;

/// <summary>
/// Describes a scene in several ways. Every caption names kinds, order, pitch or rate, number, and loudness unless medium.
/// </summary>
internal static class SceneCaptions
{
    static readonly string[] _times = ["once", "twice", "three times"];

    public static string[] Write(DemoScene scene, int count, PhiloxSequence random)
    {
        var captions = new HashSet<string>();
        var ordered = new List<string>();
        for (int i = 0; ordered.Count < count; i++)
        {
            string caption = scene.Second is null
                ? One(scene.First, i % 3, random)
                : Two(scene.First, scene.Second, i % 5, random);
            if (captions.Add(caption)) ordered.Add(caption);
        }
        return [.. ordered];
    }

    static string One(SoundEvent what, int form, PhiloxSequence random) => form switch
    {
        0 => Clause(what, random),
        1 => $"the sound of {Noun(what, random)}",
        _ => Noun(what, random),
    };

    static string Two(SoundEvent first, SoundEvent second, int form, PhiloxSequence random) => form switch
    {
        0 => $"{Clause(first, random)} and then {Clause(second, random)}",
        1 => $"{Noun(first, random)} followed by {Noun(second, random)}",
        2 => $"first {Clause(first, random)}, then {Clause(second, random)}",
        3 => $"{Clause(first, random)} before {Clause(second, random)}",
        _ => $"{Noun(second, random)} after {Noun(first, random)}",
    };

    /// <summary>"a deep bell rings loudly twice".</summary>
    static string Clause(SoundEvent what, PhiloxSequence random)
    {
        var phrase = Pick(what.Kind.Phrases, random);
        return Join(Subject(what, phrase, withLoudness: false, random), phrase.Verb, Adverbs(what, withLoudness: true, random));
    }

    /// <summary>"a loud deep bell ringing twice".</summary>
    static string Noun(SoundEvent what, PhiloxSequence random)
    {
        var phrase = Pick(what.Kind.Phrases, random);
        return Join(Subject(what, phrase, withLoudness: true, random), phrase.Gerund, Adverbs(what, withLoudness: false, random));
    }

    static string Subject(SoundEvent what, Phrase phrase, bool withLoudness, PhiloxSequence random)
    {
        string loudness = !withLoudness
            ? ""
            : what.Loudness switch { Loudness.Quiet => Pick(["quiet", "faint"], random), Loudness.Loud => "loud", _ => "" };
        string subject = Join(loudness, phrase.Subject);
        return phrase.IsMass ? subject : ("aeiou".Contains(subject[0]) ? "an " : "a ") + subject;
    }

    static string Adverbs(SoundEvent what, bool withLoudness, PhiloxSequence random)
    {
        string loudness = !withLoudness
            ? ""
            : what.Loudness switch { Loudness.Quiet => Pick(["quietly", "softly"], random), Loudness.Loud => "loudly", _ => "" };
        string manner = (what.Kind.Variation, what.IsHigh) switch
        {
            (Variation.Pitch, false) => Pick(["at a low pitch", "in a low register"], random),
            (Variation.Pitch, true) => Pick(["at a high pitch", "in a high register"], random),
            (Variation.Rate, false) => Pick(["slowly", "at a slow pace"], random),
            (Variation.Rate, true) => Pick(["rapidly", "at a fast pace"], random),
            _ => "",
        };
        return Join(loudness, what.Kind.IsCountable ? _times[what.Times - 1] : "", manner);
    }

    static string Join(params string[] words) => string.Join(' ', words.Where(word => word.Length > 0));

    static T Pick<T>(IReadOnlyList<T> choices, PhiloxSequence random) => choices[random.NextBelow(choices.Count)];
}
