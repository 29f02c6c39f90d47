namespace NativeRetrieval.Text.Unicode;

/// <summary>Properties of a code point that the tokenizer asks for. Several may hold at once.</summary>
[Flags]
internal enum CharacterClass : byte
{
    None = 0,

    /// <summary>Dropped by text cleaning: control, format, private use and U+FFFD, but not tab, line feed and carriage return.</summary>
    Removed = 1,

    /// <summary>White space, which separates words.</summary>
    Space = 2,

    /// <summary>Always a word of its own: general category P* and the ASCII symbols.</summary>
    Punctuation = 4,

    /// <summary>A CJK ideograph, set apart by spaces.</summary>
    Ideograph = 8,

    /// <summary>General category Mn: an accent, removed when accents are stripped.</summary>
    Nonspacing = 16,

    /// <summary>Canonical combining class above 0: takes part in canonical reordering.</summary>
    Reordered = 32,

    /// <summary>Has a canonical decomposition in the table (Hangul syllables are computed instead).</summary>
    Decomposes = 64,

    /// <summary>Has another lower-case form.</summary>
    Uppercase = 128,
}
