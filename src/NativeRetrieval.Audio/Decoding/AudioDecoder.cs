using NativeRetrieval.Audio.Decoding.Ffmpeg;
using NativeRetrieval.Audio.Decoding.Mp3;
using NativeRetrieval.Audio.Decoding.Ogg;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Opens sound files. The content decides, not the file's name: linear PCM and float WAV (RIFF, RF64, BW64) is read by code of this
/// assembly, MP3 by NLayer; Ogg Vorbis and AIFF by libsndfile or, where that is not installed, NVorbis and NAudio; FLAC, Opus and what else
/// it knows by libsndfile; everything else by the program ffmpeg where that is installed. Sound is read to its end whatever length a header
/// states.
/// </summary>
public static class AudioDecoder
{
    const int MagicBytes = 12;

    /// <summary>Opens <paramref name="path"/> at its first frame.</summary>
    /// <exception cref="AudioDecodeException">
    /// The file is absent, a folder, a pipe, unreadable, empty, of no known sound format, damaged, without a sample, or needs a decoder
    /// that is not installed.
    /// </exception>
    public static IAudioStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new AudioDecodeException(path, "is a folder; expected a sound file");
        FileStream file = OpenFile(path);
        try
        {
            IAudioStream stream = OpenContent(path, file);
            if (stream.LengthFrames != 0) return stream;
            stream.Dispose();
            throw new AudioDecodeException(path, "holds no samples: its header is complete but no audio follows");
        }
        catch (Exception error)
        {
            file.Dispose();
            if (error is IOException or UnauthorizedAccessException)
                throw new AudioDecodeException(path, $"cannot be read: {error.Message}", error);
            throw;
        }
    }

    /// <summary>Finds the decoder; its stream owns <paramref name="file"/>.</summary>
    static IAudioStream OpenContent(string path, FileStream file)
    {
        Span<byte> magic = stackalloc byte[MagicBytes];
        int read = file.ReadAtLeast(magic, MagicBytes, throwOnEndOfStream: false);
        magic = magic[..read];
        if (WavHeader.IsWav(magic))
        {
            WavHeader header = WavHeader.Read(path, file);
            if (header.Encoding is { } encoding) return new WavStream(path, file, header, encoding);
        }
        string? format = SoundFormat.NameOf(magic);
        if (SoundFormat.ForeignNameOf(magic) is { } foreign)
        {
            file.Dispose();
            return FfmpegStream.Open(path, foreign);
        }
        if (format == SoundFormat.Mp3 && OpenMp3(path, file) is { } mp3) return mp3;
        if (format == SoundFormat.Ogg && OpenOgg(path, file) is { } ogg) return ogg;
        if (format == SoundFormat.Aiff && !Libsndfile.IsAvailable) return AiffStream.Open(path, file);
        try
        {
            return LibsndfileStream.Open(path, file, format);
        }
        // A known format in a form that libsndfile lacks, such as Speex in Ogg: ffmpeg is asked, and the first reason stays the one that is
        // told.
        catch (AudioDecodeException refusal) when (format is not null && FfmpegProgram.Path is not null)
        {
            try
            {
                return FfmpegStream.Open(path, format);
            }
            catch (AudioDecodeException)
            {
                throw refusal;
            }
        }
    }

    static JoinedStream? OpenMp3(string path, FileStream file)
    {
        var scan = Mp3Scan.Of(file);
        if (scan.Parts.Count == 0) return null;
        int rate = scan.Parts[0].First.SampleRateHz;
        long frames = scan.Parts.Sum(part => Resampler.OutputLength(part.Samples, part.First.SampleRateHz, rate));
        return new JoinedStream(path, [.. scan.Parts.Select(part => (Func<IAudioStream>)(() => new Mp3PartStream(path, file, part)))],
            file, frames, scan.Defect);
    }

    /// <summary>Null where a link needs a decoder that reads the file as a whole.</summary>
    static JoinedStream? OpenOgg(string path, FileStream file)
    {
        var scan = OggScan.Of(file);
        bool managed = !Libsndfile.IsAvailable;
        if (scan.Links.Count == 0 || scan.Links.Any(link => link.Codec == OggCodec.Other || managed && link.Codec != OggCodec.Vorbis))
            return null;
        var links = scan.Links.Select(link => (Func<IAudioStream>)(() => OpenLink(path, file, link, managed))).ToArray();
        return new JoinedStream(path, links, file, LengthOf(links), scan.Defect);
    }

    static IAudioStream OpenLink(string path, FileStream file, OggLink link, bool managed)
    {
        var bytes = new StreamPart(file, link.Start, link.End);
        return managed ? VorbisStream.Open(path, bytes, link.LastGranule) : LibsndfileStream.Open(path, bytes, SoundFormat.Ogg);
    }

    /// <summary>
    /// Frames of all parts at the first one's rate; null where a part does not say. A part that cannot be opened has none.
    /// </summary>
    static long? LengthOf(IReadOnlyList<Func<IAudioStream>> parts)
    {
        long frames = 0;
        int rate = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            try
            {
                using var part = parts[i]();
                if (part.LengthFrames is not { } length) return null;
                if (i == 0) rate = part.SampleRateHz;
                frames += Resampler.OutputLength(length, part.SampleRateHz, rate);
            }
            catch (AudioDecodeException) when (i > 0)
            {
                // The stream says so when it comes to this part.
            }
        }
        return frames;
    }

    static FileStream OpenFile(string path)
    {
        FileStream? file = null;
        try
        {
            file = RegularFile.OpenRead(path);
            return file.Length > 0 ? file : throw new AudioDecodeException(path, "is empty (0 bytes); expected a sound file");
        }
        catch (Exception error)
        {
            file?.Dispose();
            throw error switch
            {
                FileNotFoundException or DirectoryNotFoundException => new AudioDecodeException(path, "does not exist", error),
                UnauthorizedAccessException => new AudioDecodeException(path, "may not be read: no permission", error),
                IOException => new AudioDecodeException(path, $"cannot be opened: {error.Message}", error),
                _ => error,
            };
        }
    }
}
