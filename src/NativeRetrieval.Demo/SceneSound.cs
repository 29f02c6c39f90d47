using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo;

/// <summary>Turns a scene into samples.</summary>
internal static class SceneSound
{
    public const int SampleRateHz = 32000;

    const double ShortestSeconds = 2, LongestSeconds = 4;
    const double LeadSeconds = 0.1, EdgeSeconds = 0.005;

    /// <summary>About −66 dB: no clip is digitally silent anywhere, as no recording is.</summary>
    const float RoomNoise = 0.0005f;

    public static float[] Render(DemoScene scene, PhiloxSequence random)
    {
        double seconds = ShortestSeconds + (LongestSeconds - ShortestSeconds) * random.NextUniform();
        float[] samples = new float[(int)(seconds * SampleRateHz)];
        int lead = (int)(LeadSeconds * SampleRateHz);
        var body = samples.AsSpan(lead, samples.Length - 2 * lead);
        if (scene.Second is null)
        {
            Play(scene.First, body, random);
        }
        else
        {
            int half = (int)(body.Length * (0.45 + 0.1 * random.NextUniform()));
            Play(scene.First, body[..(half - lead)], random);
            Play(scene.Second, body[half..], random);
        }
        AddRoomNoise(samples, random);
        return samples;
    }

    /// <summary>A recording of any length: the kinds one after another, over and over, each for two to four seconds.</summary>
    /// <param name="kinds">At least one.</param>
    public static float[] Render(IReadOnlyList<SoundKind> kinds, int length, PhiloxSequence random)
    {
        var samples = new float[length];
        for (int start = 0, turn = 0; start < length; turn++)
        {
            int part = (int)((ShortestSeconds + (LongestSeconds - ShortestSeconds) * random.NextUniform()) * SampleRateHz);
            var kind = kinds[turn % kinds.Count];
            Play(new SoundEvent(kind, random.NextBelow(2) == 1, kind.IsCountable ? 1 + random.NextBelow(3) : 1, Loudness.Medium),
                samples.AsSpan(start, Math.Min(part, length - start)), random);
            start += part;
        }
        AddRoomNoise(samples, random);
        return samples;
    }

    static void AddRoomNoise(Span<float> samples, PhiloxSequence random)
    {
        foreach (ref float sample in samples) sample += RoomNoise * (2 * random.NextUniform() - 1);
    }

    static void Play(SoundEvent what, Span<float> output, PhiloxSequence random)
    {
        double variant = what.Variant * (0.9 + 0.2 * random.NextUniform());
        int slot = output.Length / what.Times;
        for (int time = 0; time < what.Times; time++)
        {
            var part = output.Slice(time * slot, (int)(slot * 0.9));
            what.Kind.Render(part, variant, random);
            SmoothEdges(part);
        }
        Scale(output, Peak(what.Loudness) * (0.9f + 0.2f * random.NextUniform()));
    }

    static float Peak(Loudness loudness) => loudness switch { Loudness.Quiet => 0.04f, Loudness.Medium => 0.25f, _ => 0.85f };

    static void SmoothEdges(Span<float> output)
    {
        int edge = Math.Min((int)(EdgeSeconds * SampleRateHz), output.Length / 2);
        for (int i = 0; i < edge; i++)
        {
            float gain = (float)i / edge;
            output[i] *= gain;
            output[output.Length - 1 - i] *= gain;
        }
    }

    static void Scale(Span<float> output, float peak)
    {
        float largest = 0;
        foreach (float value in output) largest = Math.Max(largest, Math.Abs(value));
        if (largest == 0) return;
        for (int i = 0; i < output.Length; i++) output[i] *= peak / largest;
    }
}
