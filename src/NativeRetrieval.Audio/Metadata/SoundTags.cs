using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Decoding.Ffmpeg;
using NativeRetrieval.Audio.Decoding.Mp3;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>
/// Text that sound files carry: <c>bext</c> (EBU Tech 3285), <c>iXML</c> with the fields of Soundminer and ASWG-G006, RIFF INFO, ID3 of
/// versions 1 and 2, Vorbis comments in Ogg and FLAC, text chunks of AIFF, and tags of M4A, WMA and others where <c>ffmpeg</c> is
/// installed. The sound itself is not read.
/// </summary>
public static class SoundTags
{
    const int MagicBytes = 12;

    /// <summary>The text of a file. A tag that is damaged is read as far as it goes, and noted.</summary>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static SoundText Read(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            var tags = new TagCollector();
            Read(path, new TagReader(file), tags);
            return TagRoles.Assign(tags);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, $"cannot be read: {error.Message}", error);
        }
    }

    static void Read(string path, TagReader file, TagCollector tags)
    {
        byte[] magic = file.Read(0, MagicBytes);
        long start = 0;
        if (Id3Tag.SizeOf(magic) is > 0 and var size)
        {
            Id3v2Tag.Read(file, 0, size, tags);
            start = size;
            magic = file.Read(start, MagicBytes);
        }
        if (WavHeader.IsWav(magic)) ChunkTags.Read(file, isBigEndian: false, tags);
        else if (magic.Length >= MagicBytes && magic.AsSpan().StartsWith("FORM"u8)) ChunkTags.Read(file, isBigEndian: true, tags);
        else if (magic.AsSpan().StartsWith("fLaC"u8)) VorbisComment.ReadFlac(file, start, tags);
        else if (magic.AsSpan().StartsWith("OggS"u8)) VorbisComment.ReadOgg(file, start, tags);
        else if (SoundFormat.ForeignNameOf(magic) is not null && FfmpegProgram.Installed is { } program)
            FfmpegTags.Read(path, program, tags);
        Id3v1Tag.Read(file, tags);
    }
}
