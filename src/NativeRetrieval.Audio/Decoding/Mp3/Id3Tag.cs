namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>The place of ID3 tags: one of version 2 (id3.org, 2.4.0, 3.1) stands in front of MP3, and of FLAC, AAC and others.</summary>
internal static class Id3Tag
{
    const int HeaderBytes = 10, VersionOneBytes = 128;

    /// <summary>Bytes of the tag whose header comes first in <paramref name="bytes"/>; 0: there is none.</summary>
    public static long SizeOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || !bytes.StartsWith("ID3"u8) || ((bytes[6] | bytes[7] | bytes[8] | bytes[9]) & 0x80) != 0) return 0;
        int body = bytes[6] << 21 | bytes[7] << 14 | bytes[8] << 7 | bytes[9];
        return HeaderBytes + body + ((bytes[5] & 0x10) != 0 ? HeaderBytes : 0);
    }

    /// <summary>The byte where a tag of version 1 begins, which stands at a file's end; the file's length where there is none.</summary>
    public static long EndWithout(Stream file)
    {
        Span<byte> mark = stackalloc byte[3];
        long start = file.Length - VersionOneBytes;
        if (start < 0) return file.Length;
        file.Position = start;
        file.ReadExactly(mark);
        return mark.SequenceEqual("TAG"u8) ? start : file.Length;
    }
}
