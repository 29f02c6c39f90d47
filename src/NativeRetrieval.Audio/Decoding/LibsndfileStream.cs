using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>Any format that the installed libsndfile reads.</summary>
internal sealed class LibsndfileStream : IAudioStream
{
    static readonly Lock _opening = new();
    readonly string _path;
    readonly LibsndfileHandle _file;
    readonly LibsndfileSource _source;
    long _framesRead;
    bool _ended;

    LibsndfileStream(string path, LibsndfileHandle file, LibsndfileSource source, in Libsndfile.Info info)
    {
        (_path, _file, _source) = (path, file, source);
        (SampleRateHz, Channels) = (info.SampleRateHz, info.Channels);
        LengthFrames = source.StatedFrames > 0 ? source.StatedFrames : info.Frames is < 0 or Libsndfile.UnknownFrames ? null : info.Frames;
    }

    public int SampleRateHz { get; }

    public int Channels { get; }

    public long? LengthFrames { get; }

    public string? Defect { get; private set; }

    /// <param name="stream">The file, or one link of it; closed with the stream, and where opening fails.</param>
    /// <param name="formatName">The format that the first bytes look like, or null; only for messages.</param>
    /// <exception cref="AudioDecodeException">libsndfile is absent or does not take the file.</exception>
    public static LibsndfileStream Open(string path, Stream stream, string? formatName)
    {
        if (!Libsndfile.IsAvailable)
        {
            stream.Dispose();
            throw LibraryAbsent(path, formatName);
        }
        var info = default(Libsndfile.Info);
        var source = new LibsndfileSource(stream, formatName == SoundFormat.Flac);
        LibsndfileHandle file;
        string problem;
        lock (_opening)             // libsndfile keeps the reason of a failed open in one global
        {
            file = Libsndfile.OpenVirtual(LibsndfileSource.Calls, Libsndfile.ReadMode, ref info, source.User);
            problem = file.IsInvalid ? Libsndfile.Explain(file) : "";
        }
        if (!file.IsInvalid && info is { Channels: >= 1, SampleRateHz: >= 1 }) return new LibsndfileStream(path, file, source, info);
        bool opened = !file.IsInvalid;
        file.Dispose();
        source.Dispose();
        throw new AudioDecodeException(path,
            opened ? $"says it has {info.Channels} channels at {info.SampleRateHz} Hz; expected at least 1 of each"
            : formatName is null ? $"is not a sound file that can be read (libsndfile: {problem})"
            : $"looks like {formatName} but cannot be decoded (libsndfile: {problem})");
    }

    internal static AudioDecodeException LibraryAbsent(string path, string? formatName) => new(path, formatName is null
        ? $"is not a WAV file and no other known sound format; if it is sound, {Libsndfile.HowToInstall}, or convert it to WAV"
        : $"is {formatName}; decoding it takes libsndfile, which is not installed: {Libsndfile.HowToInstall}, or convert the file to WAV");

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        if (_ended) return 0;
        int frames = (int)Math.Clamp(Libsndfile.ReadFrames(_file, ref MemoryMarshal.GetReference(interleaved), room), 0, room);
        SampleRange.Check(_path, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        if (frames < room) End();
        return frames;
    }

    public void Dispose()
    {
        _file.Dispose();
        _source.Dispose();
    }

    /// <summary>
    /// Says what is missing where the sound ends before its header's length or by an error; without a sample the file is refused.
    /// </summary>
    void End()
    {
        _ended = true;
        if (_source.Failure is { } failure) throw new AudioDecodeException(_path, $"cannot be read: {failure.Message}", failure);
        string? reason = Libsndfile.Error(_file) != 0 ? Libsndfile.Explain(_file) : null;
        if (_framesRead == 0 && reason is not null)
            throw new AudioDecodeException(_path, $"is damaged from its first frame on (libsndfile: {reason})");
        double seconds = (double)_framesRead / SampleRateHz;
        if (LengthFrames is { } stated && _framesRead < stated)
            Defect = $"its sound ends after {seconds:F2} s of the {(double)stated / SampleRateHz:F2} s that the header states: "
                + "it is cut off or damaged there";
        else if (reason is not null && LengthFrames is null)
            Defect = $"it is damaged after {seconds:F2} s (libsndfile: {reason}); what follows is left out";
    }
}
