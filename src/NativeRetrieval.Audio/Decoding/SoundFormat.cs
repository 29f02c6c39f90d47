namespace NativeRetrieval.Audio.Decoding;

/// <summary>Names a sound format by a file's first bytes, for messages.</summary>
internal static class SoundFormat
{
    /// <summary>The format's usual name, or null where the bytes fit none that libsndfile is known to read.</summary>
    public static string? NameOf(ReadOnlySpan<byte> magic)
    {
        if (magic.StartsWith("fLaC"u8)) return "FLAC";
        if (magic.StartsWith("OggS"u8)) return "Ogg (Vorbis, Opus or FLAC)";
        if (magic.StartsWith("RIFF"u8) || magic.StartsWith("RIFX"u8) || magic.StartsWith("RF64"u8))
            return "WAV in an encoding other than little-endian PCM or float";
        if (magic.StartsWith("FORM"u8)) return "AIFF";
        if (magic.StartsWith("caff"u8)) return "Apple CAF";
        if (magic.StartsWith(".snd"u8)) return "Sun AU";
        if (magic.StartsWith("ID3"u8)) return "MP3";
        if (magic.Length >= 2 && magic[0] == 0xFF && (magic[1] & 0xE0) == 0xE0) return "MP3";   // an MPEG frame begins with eleven set bits
        return null;
    }
}
