using NativeRetrieval.Audio.Decoding.Ffmpeg;
using NativeRetrieval.Audio.Decoding.Mp3;
using NativeRetrieval.Audio.Decoding.Ogg;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Opens sound files. The content decides, not the file's name: linear PCM and float WAV (RIFF, RF64, BW64) is read by code of this
/// assembly, MP3, also in WAV, by NLayer; Ogg Vorbis and AIFF by libsndfile or, where that is not installed, NVorbis and NAudio; FLAC,
/// Opus and what else it knows by libsndfile; everything else by the program ffmpeg where that is installed. Sound is read to its end
/// whatever length a header states.
/// </summary>
public static class AudioDecoder
{
    const int MagicBytes = 12;

    /// <summary>Opens <paramref name="path"/> at its first frame.</summary>
    /// <exception cref="AudioDecodeException">
    /// The file is absent, a folder, a pipe, unreadable, empty, of no known sound format, damaged, without a sample, or needs a decoder
    /// that is not installed.
    /// </exception>
    public static IAudioStream Open(string path) => Open(path, DecoderSet.Installed);

    /// <inheritdoc cref="Open(string)"/>
    internal static IAudioStream Open(string path, DecoderSet decoders)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new AudioDecodeException(path, "is a folder; expected a sound file");
        FileStream file = OpenFile(path);
        try
        {
            IAudioStream stream = OpenContent(path, file, decoders);
            if (stream.LengthFrames != 0) return stream;
            stream.Dispose();
            throw new AudioDecodeException(path, "holds no samples: its header is complete but no audio follows");
        }
        catch (Exception error)
        {
            file.Dispose();
            if (error is not (IOException or UnauthorizedAccessException)) throw;
            throw new AudioDecodeException(path, $"cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Finds the decoder; its stream owns <paramref name="file"/>.</summary>
    static IAudioStream OpenContent(string path, FileStream file, DecoderSet decoders)
    {
        Span<byte> magic = stackalloc byte[MagicBytes];
        magic = magic[..ReadAt(file, 0, magic)];
        if (WavHeader.IsWav(magic))
        {
            WavHeader header = WavHeader.Read(path, file);
            if (header.Encoding is { } encoding) return new WavStream(path, file, header, encoding);
        }
        if (MpegInWav.Find(file, magic) is { } frames) return OpenMp3(path, new StreamPart(file, [frames], true), decoders);
        string? format = SoundFormat.NameOf(magic);
        long start = 0;
        if (format == SoundFormat.Mp3 && Id3Tag.SizeOf(magic) is > 0 and var tag && tag < file.Length)
        {
            // An ID3 tag belongs to MP3, but stands in front of FLAC, AAC and others, too.
            Span<byte> behind = stackalloc byte[MagicBytes];
            behind = behind[..ReadAt(file, tag, behind)];
            if (SoundFormat.NameOf(behind) is { } tagged && tagged != SoundFormat.Mp3)
            {
                (format, start) = (tagged, tag);
                magic = behind;
            }
        }
        if (SoundFormat.ForeignNameOf(magic) is { } foreign)
        {
            file.Dispose();
            return FfmpegStream.Open(path, foreign, decoders.Ffmpeg);
        }
        try
        {
            return format switch
            {
                SoundFormat.Mp3 => OpenMp3(path, file, decoders),
                SoundFormat.Ogg when OpenOgg(path, file, decoders) is { } ogg => ogg,
                SoundFormat.Aiff when !decoders.HasLibsndfile => AiffStream.Open(path, file),
                _ when !decoders.HasLibsndfile => throw LibsndfileStream.LibraryAbsent(path, format),
                SoundFormat.Flac => LibsndfileStream.Open(path, new StreamPart(file, [(start, Id3Tag.EndWithout(file))], true), format),
                // libsndfile refuses CAF whose sound is longer than the file; a file that was cut is shown with the length it had.
                SoundFormat.Caf when ContainerSize.EndOf(file) is { } end && end > file.Length =>
                    LibsndfileStream.Open(path, new StreamPart(file, [(0, end)], true), format, ContainerSize.DefectOf(file)),
                _ => Silent(path, LibsndfileStream.Open(path, file, format, ContainerSize.DefectOf(file))),
            };
        }
        // A known format in a form that the libraries lack, such as Speex in Ogg: ffmpeg is asked, and the first reason is the one told.
        catch (AudioDecodeException refusal)
            when (format is not null && decoders.Ffmpeg is not null && refusal.InnerException is not IOException)
        {
            try
            {
                file.Dispose();
                return FfmpegStream.Open(path, format, decoders.Ffmpeg);
            }
            catch (AudioDecodeException)
            {
                throw refusal;
            }
        }
    }

    /// <summary>MPEG frames that no code here found are not worth the notes that mpg123 would write to standard error.</summary>
    static LibsndfileStream Silent(string path, LibsndfileStream stream)
    {
        if (!stream.IsMpeg) return stream;
        stream.Dispose();
        throw new AudioDecodeException(path, "holds MPEG frames in a place where they are not read; convert it to MP3 or WAV");
    }

    static IAudioStream OpenMp3(string path, Stream file, DecoderSet decoders)
    {
        var scan = Mp3Scan.Of(file);
        if (scan.Parts.Count == 0) throw new AudioDecodeException(path, "looks like MP3 but holds no MPEG frame of a known length");
        if (scan.HasTooManyParts)
            throw new AudioDecodeException(path, $"is damaged: its frames change their form more than {Mp3Scan.MaximumParts:N0} times");
        int rate = scan.Parts[0].First.SampleRateHz;
        long frames = scan.Parts.Sum(part => Resampler.OutputLength(part.Samples, part.First.SampleRateHz, rate));
        var parts = scan.Parts.Select(part => (Func<IAudioStream>)(() => new Mp3PartStream(path, file, part))).ToArray();
        if (!scan.Parts.Any(part => part.First is { SampleRateHz: 8000, Layer: NLayer.MpegLayer.LayerIII }))
            return new JoinedStream(path, parts, file, frames, scan.Defect);

        // NLayer 3.0.1 takes a wrong Huffman table for part of the short blocks at this one rate.
        const string approximate = "MP3 of 8 kHz is decoded only roughly where ffmpeg is not installed";
        string all = scan.Defect is { } other ? $"{other}; {approximate}" : approximate;
        if (decoders.Ffmpeg is null) return new JoinedStream(path, parts, file, frames, all);
        file.Dispose();
        return FfmpegStream.Open(path, SoundFormat.Mp3, decoders.Ffmpeg, scan.Defect);
    }

    /// <summary>Null where a link needs a decoder that reads the file as a whole.</summary>
    static JoinedStream? OpenOgg(string path, FileStream file, DecoderSet decoders)
    {
        var scan = OggScan.Of(file);
        if (scan.HasTooManyLinks)
            throw new AudioDecodeException(path, $"is damaged: it has more than {OggScan.MaximumLinks:N0} Ogg streams in a row");
        bool managed = !decoders.HasLibsndfile;
        bool CanRead(OggLink link) => link.Codec == OggCodec.Vorbis || link.Codec != OggCodec.Other && !managed;
        if (scan.Links.Count == 0 || !scan.Links.All(CanRead)) return null;
        var links = scan.Links.Select(link => (Func<IAudioStream>)(() => OpenLink(path, file, link, managed))).ToArray();
        return new JoinedStream(path, links, file, LengthOf(links), scan.Defect);
    }

    static IAudioStream OpenLink(string path, FileStream file, OggLink link, bool managed)
    {
        var bytes = new StreamPart(file, link.Ranges);
        return managed ? VorbisStream.Open(path, bytes, link.LastGranule) : LibsndfileStream.Open(path, bytes, SoundFormat.Ogg);
    }

    /// <summary>Frames of all parts at the first one's rate; null where a part does not say. A part that does not open has none.</summary>
    static long? LengthOf(IReadOnlyList<Func<IAudioStream>> parts)
    {
        long frames = 0;
        int rate = 0;
        foreach (var open in parts)
        {
            try
            {
                using var part = open();
                if (part.LengthFrames is not { } length) return null;
                if (rate == 0) rate = part.SampleRateHz;
                frames = checked(frames + Resampler.OutputLength(length, part.SampleRateHz, rate));
            }
            catch (AudioDecodeException)
            {
                // The stream says so when it comes to this part.
            }
            catch (OverflowException)
            {
                return null;
            }
        }
        return frames > 0 ? frames : null;
    }

    static int ReadAt(FileStream file, long position, Span<byte> target)
    {
        file.Position = position;
        return file.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
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
