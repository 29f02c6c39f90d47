using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Opens sound files. Linear PCM and float WAV (RIFF, RF64, BW64) are read by managed code; every other format
/// (FLAC, Ogg Vorbis, Opus, MP3, AIFF, compressed WAV, …) goes through libsndfile where that is installed.
/// The content decides, not the file's name.
/// </summary>
public static class AudioDecoder
{
    const int MagicBytes = 12;

    /// <summary>Opens <paramref name="path"/> at its first frame.</summary>
    /// <exception cref="AudioDecodeException">
    /// The file is absent, a folder, unreadable, empty, of no known sound format, damaged, without a sample, or needs libsndfile, which is
    /// absent.
    /// </exception>
    public static IAudioStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new AudioDecodeException(path, "is a folder; expected a sound file");
        FileStream file = OpenFile(path);
        IAudioStream? stream = null;
        try
        {
            stream = OpenContent(path, file);
            if (stream.LengthFrames == 0)
                throw new AudioDecodeException(path, "holds no samples: its header is complete but no audio follows");
            return stream;
        }
        catch (Exception error)
        {
            stream?.Dispose();
            if (error is IOException or UnauthorizedAccessException)
                throw new AudioDecodeException(path, $"cannot be read: {error.Message}", error);
            throw;
        }
        finally
        {
            if (stream is not WavStream) file.Dispose();
        }
    }

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
        return LibsndfileStream.Open(path, SoundFormat.NameOf(magic));
    }

    static FileStream OpenFile(string path)
    {
        try
        {
            // Asked before opening: a named pipe has no bytes either, and opening one waits for a writer.
            if (new FileInfo(path).Length == 0) throw new AudioDecodeException(path, "is empty (0 bytes); expected a sound file");
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AudioDecodeException(path, "does not exist", error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new AudioDecodeException(path, "may not be read: no permission", error);
        }
        catch (IOException error)
        {
            throw new AudioDecodeException(path, $"cannot be opened: {error.Message}", error);
        }
    }
}
