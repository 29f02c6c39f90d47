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
    readonly Stream _stream;
    long _framesRead;
    bool _ended;

    LibsndfileStream(string path, LibsndfileHandle file, LibsndfileSource source, Stream stream, in Libsndfile.Info info)
    {
        (_path, _file, _source, _stream) = (path, file, source, stream);
        (SampleRateHz, Channels, IsMpeg) = (info.SampleRateHz, info.Channels, Libsndfile.IsMpeg(info));
        LengthFrames = source.StatedFrames > 0 ? source.StatedFrames : info.Frames is < 0 or Libsndfile.UnknownFrames ? null : info.Frames;
    }

    public int SampleRateHz { get; }

    public int Channels { get; }

    public long? LengthFrames { get; }

    public string? Defect { get; private set; }

    /// <summary>True where mpg123 behind libsndfile decodes, which writes to standard error.</summary>
    public bool IsMpeg { get; }

    /// <param name="stream">The file, or one link of it; closed with the stream, and where opening fails.</param>
    /// <param name="formatName">The format that the first bytes look like, or null; only for messages.</param>
    /// <param name="defect">A defect that was found before decoding.</param>
    /// <exception cref="AudioDecodeException">libsndfile is absent or does not take the file.</exception>
    public static LibsndfileStream Open(string path, Stream stream, string? formatName, string? defect = null)
    {
        try
        {
            if (!Libsndfile.IsAvailable) throw LibraryAbsent(path, formatName);
            var source = new LibsndfileSource(stream, formatName == SoundFormat.Flac);
            var file = OpenSource(path, source, formatName, out var info);
            return new LibsndfileStream(path, file, source, stream, info) { Defect = defect };
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    static LibsndfileHandle OpenSource(string path, LibsndfileSource source, string? formatName, out Libsndfile.Info info)
    {
        info = default;
        LibsndfileHandle file;
        string problem;
        var user = GCHandle.Alloc(source);
        lock (_opening)             // libsndfile keeps the reason of a failed open in one global
        {
            file = Libsndfile.OpenVirtual(LibsndfileSource.Calls, Libsndfile.ReadMode, ref info, GCHandle.ToIntPtr(user));
            problem = file.IsInvalid ? Libsndfile.Explain(file) : "";
        }
        if (file.IsInvalid)
        {
            user.Free();
            file.Dispose();
            if (source.Failure is { } failure) throw new AudioDecodeException(path, $"cannot be read: {failure.Message}", failure);
            throw new AudioDecodeException(path, formatName is null ? $"is not a sound file that can be read (libsndfile: {problem})"
                : $"looks like {formatName} but cannot be decoded (libsndfile: {problem})");
        }
        file.Source = user;
        if (info is { Channels: >= 1, SampleRateHz: >= 1 }) return file;
        file.Dispose();
        throw new AudioDecodeException(path,
            $"says it has {info.Channels} channels at {info.SampleRateHz} Hz; expected at least 1 of each");
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
        _stream.Dispose();
    }

    /// <summary>Says what is missing where the sound ends too early or by an error; without a sample the file is refused.</summary>
    void End()
    {
        _ended = true;
        if (_source.Failure is { } failure) throw new AudioDecodeException(_path, $"cannot be read: {failure.Message}", failure);
        string? reason = Libsndfile.Error(_file) != 0 ? Libsndfile.Explain(_file) : null;
        if (_framesRead == 0 && reason is not null)
            throw new AudioDecodeException(_path, $"is damaged from its first frame on (libsndfile: {reason})");
        double seconds = (double)_framesRead / SampleRateHz;
        if (LengthFrames is { } stated && _framesRead < stated)
            Defect ??= $"its sound ends after {seconds:F2} s of the {(double)stated / SampleRateHz:F2} s that the header states: "
                + "it is cut off or damaged there";
        else if (reason is not null)
            Defect ??= $"it is damaged after {seconds:F2} s (libsndfile: {reason}); what follows is left out";
    }
}
