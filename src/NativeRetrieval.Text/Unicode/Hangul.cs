namespace NativeRetrieval.Text.Unicode;

/// <summary>Arithmetic decomposition of Hangul syllables (The Unicode Standard, section 3.12).</summary>
internal static class Hangul
{
    const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    const int Vowels = 21, Trails = 28, Syllables = 19 * Vowels * Trails;

    public static bool IsSyllable(int codePoint) => unchecked((uint)(codePoint - SyllableBase)) < Syllables;

    /// <summary>Two or three jamo, written to the front of <paramref name="jamo"/> (room for 3).</summary>
    public static ReadOnlySpan<int> Decompose(int syllable, Span<int> jamo)
    {
        int index = syllable - SyllableBase, trail = index % Trails;
        jamo[0] = LeadBase + index / (Vowels * Trails);
        jamo[1] = VowelBase + index / Trails % Vowels;
        jamo[2] = TrailBase + trail;
        return jamo[..(trail == 0 ? 2 : 3)];
    }
}
