using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>Any format that the installed libsndfile reads.</summary>
internal sealed class LibsndfileStream : IAudioStream
{
    static readonly Lock _opening = new();
    readonly string _path;
    readonly LibsndfileHandle _file;
    long _framesRead;

    LibsndfileStream(string path, LibsndfileHandle file, in Libsndfile.Info info)
    {
        (_path, _file) = (path, file);
        (SampleRateHz, Channels) = (info.SampleRateHz, info.Channels);
        LengthFrames = info.Frames is < 0 or Libsndfile.UnknownFrames ? null : info.Frames;
    }

    public int SampleRateHz { get; }
    public int Channels { get; }
    public long? LengthFrames { get; }

    /// <param name="formatName">Format that the first bytes suggest, or null; used in messages only.</param>
    public static LibsndfileStream Open(string path, string? formatName)
    {
        if (!Libsndfile.IsAvailable) throw LibraryAbsent(path, formatName);

        var info = default(Libsndfile.Info);
        LibsndfileHandle file;
        string problem;
        lock (_opening)             // libsndfile keeps the reason of a failed open in one global
        {
            file = Libsndfile.Open(path, Libsndfile.ReadMode, ref info);
            problem = file.IsInvalid ? Libsndfile.Explain(file) : "";
        }
        if (file.IsInvalid)
        {
            file.Dispose();
            throw new AudioDecodeException(path,
                formatName is null
                    ? $"is not a sound file that can be read (libsndfile: {problem})"
                    : $"looks like {formatName} but cannot be decoded (libsndfile: {problem})");
        }
        if (info.Channels < 1 || info.SampleRateHz < 1)
        {
            file.Dispose();
            throw new AudioDecodeException(path, $"says it has {info.Channels} channels at {info.SampleRateHz} Hz; expected at least 1 "
                + "of each");
        }
        return new LibsndfileStream(path, file, info);
    }

    internal static AudioDecodeException LibraryAbsent(string path, string? formatName) => new(path, formatName is null
        ? $"is not a WAV file and no other known sound format; if it is sound, {Libsndfile.HowToInstall}, or convert it to WAV"
        : $"is {formatName}; decoding it takes libsndfile, which is not installed: {Libsndfile.HowToInstall}, or convert the file to WAV");

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        int frames = (int)Libsndfile.ReadFrames(_file, ref MemoryMarshal.GetReference(interleaved), room);
        if (frames < room && Libsndfile.Error(_file) != 0)
            throw new AudioDecodeException(_path, $"is damaged after frame {_framesRead + Math.Max(0, frames)} (libsndfile: "
                + $"{Libsndfile.Explain(_file)})");
        SampleRange.Check(_path, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        return frames;
    }

    public void Dispose() => _file.Dispose();
}
