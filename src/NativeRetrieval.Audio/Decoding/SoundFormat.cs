namespace NativeRetrieval.Audio.Decoding;

/// <summary>Names sound formats by a file's first bytes: for the choice of a decoder, and for messages.</summary>
internal static class SoundFormat
{
    public const string Flac = "FLAC", Ogg = "Ogg (Vorbis, Opus or FLAC)", Mp3 = "MP3", Aiff = "AIFF";

    /// <summary>
    /// First bytes of formats that ffmpeg reads and libsndfile does not: their place, the bytes, the format's usual name.
    /// </summary>
    static readonly (int Offset, byte[] Bytes, string Name)[] _foreign =
    [
        (4, [.. "ftyp"u8], "MP4 or M4A"),
        (0, [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "WMA or ASF"),
        (0, [0x1A, 0x45, 0xDF, 0xA3], "Matroska or WebM"),
        (0, [.. "wvpk"u8], "WavPack"),
        (0, [.. "MAC "u8], "Monkey's Audio"),
        (0, [.. "TTA1"u8], "True Audio"),
        (0, [.. "MP+"u8], "Musepack"),
        (0, [.. "MPCK"u8], "Musepack"),
        (0, [0x0B, 0x77], "AC-3"),
        (0, [.. "#!AMR"u8], "AMR"),
        (8, [.. "AVI "u8], "AVI"),
        (0, [.. "FLV"u8], "FLV"),
        (0, [0x00, 0x00, 0x01, 0xBA], "MPEG video"),
        (0, [.. "DSD "u8], "DSD"),
        (0, [.. "FRM8"u8], "DSD"),
        (0, [.. "ADIF"u8], "AAC"),
    ];

    /// <summary>The format's usual name, or null where the bytes fit none that is known here.</summary>
    public static string? NameOf(ReadOnlySpan<byte> magic)
    {
        if (ForeignNameOf(magic) is { } foreign) return foreign;
        if (magic.StartsWith("fLaC"u8)) return Flac;
        if (magic.StartsWith("OggS"u8)) return Ogg;
        if (magic.StartsWith("RIFF"u8) || magic.StartsWith("RIFX"u8) || magic.StartsWith("RF64"u8))
            return "WAV in an encoding other than little-endian PCM or float";
        if (magic.StartsWith("FORM"u8)) return Aiff;
        if (magic.StartsWith("caff"u8)) return "Apple CAF";
        if (magic.StartsWith(".snd"u8)) return "Sun AU";
        if (magic.StartsWith("ID3"u8)) return Mp3;
        if (magic.Length >= 2 && magic[0] == 0xFF && (magic[1] & 0xE0) == 0xE0) return Mp3;     // an MPEG frame begins with eleven set bits
        return null;
    }

    /// <summary>The name of a format that only ffmpeg reads, or null.</summary>
    public static string? ForeignNameOf(ReadOnlySpan<byte> magic)
    {
        // AAC in ADTS frames begins like MP3, with layer bits that no MPEG layer has.
        if (magic.Length >= 2 && magic[0] == 0xFF && (magic[1] & 0xF6) == 0xF0) return "AAC";
        foreach (var (offset, bytes, name) in _foreign)
            if (magic.Length >= offset + bytes.Length && magic[offset..].StartsWith(bytes)) return name;
        return null;
    }
}
