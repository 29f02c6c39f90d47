using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Sounds that follow each other in one file, such as the links of a chained Ogg stream, as one. The first that opens gives sample rate and
/// channels; a part with another rate or other channels is mixed to mono at that rate and put on all channels. A part that fails is a
/// defect, and what the others hold stays.
/// </summary>
internal sealed class JoinedStream : IAudioStream
{
    const int DefectsTold = 3;

    readonly string _path;
    readonly IReadOnlyList<Func<IAudioStream>> _parts;
    readonly IDisposable _file;
    readonly List<string> _defects = [];
    IAudioStream _current;
    MonoReader? _converted;         // over _current where its form is not the first part's
    float[] _mono = [];
    long _defectsUntold;
    int _next;

    /// <param name="parts">Openers of the parts in their order, at least one; each is called when the one before has ended.</param>
    /// <param name="file">The file that all parts read from; closed with this stream.</param>
    /// <param name="lengthFrames">Frames of all parts at the first one's rate, or null where that is not known.</param>
    /// <param name="defect">A defect that was found before decoding.</param>
    /// <exception cref="AudioDecodeException">No part can be opened.</exception>
    public JoinedStream(string path, IReadOnlyList<Func<IAudioStream>> parts, IDisposable file, long? lengthFrames, string? defect)
    {
        (_path, _parts, _file, LengthFrames) = (path, parts, file, lengthFrames);
        AddDefect(defect);
        _current = OpenNext(out var first) ?? throw first!;
        (SampleRateHz, Channels) = (_current.SampleRateHz, _current.Channels);
    }

    public int SampleRateHz { get; }

    public int Channels { get; }

    public long? LengthFrames { get; }

    public string? Defect
    {
        get
        {
            string[] all = _current.Defect is { } last && !_defects.Contains(last) ? [.. _defects, last] : [.. _defects];
            return all.Length == 0 ? null : string.Join("; ", all) + (_defectsUntold > 0 ? $"; and {_defectsUntold:N0} more" : "");
        }
    }

    public int Read(Span<float> interleaved)
    {
        while (true)
        {
            int frames = ReadPart(interleaved);
            if (frames > 0 || _next == _parts.Count) return frames;
            AddDefect(_current.Defect);
            _current.Dispose();
            if (OpenNext(out _) is not { } next)
            {
                _current = Silence.Of(SampleRateHz, Channels);
                return 0;
            }
            _current = next;
            bool fits = next.SampleRateHz == SampleRateHz && next.Channels == Channels;
            _converted = null;
            try
            {
                if (!fits) _converted = MonoReader.Over(_path, next, SampleRateHz);
            }
            catch (AudioDecodeException error)
            {
                AddDefect(Told(error));
                _current = Silence.Of(SampleRateHz, Channels);
            }
        }
    }

    public void Dispose()
    {
        _current.Dispose();
        _file.Dispose();
    }

    /// <summary>Reads from the current part; one behind the first that turns out to be damaged ends there.</summary>
    int ReadPart(Span<float> interleaved)
    {
        try
        {
            return _converted is null ? _current.Read(interleaved) : ReadConverted(interleaved);
        }
        catch (AudioDecodeException error) when (_next > 1 && !IsFailureOfDisk(error))
        {
            AddDefect(Told(error));
            return 0;
        }
    }

    /// <summary>Opens the next part that can be decoded; null behind the last, with the first reason why one could not.</summary>
    IAudioStream? OpenNext(out AudioDecodeException? refusal)
    {
        refusal = null;
        while (_next < _parts.Count)
        {
            try
            {
                return _parts[_next++]();
            }
            catch (AudioDecodeException error) when (!IsFailureOfDisk(error))
            {
                refusal ??= error;
                AddDefect(Told(error));
            }
        }
        return null;
    }

    static bool IsFailureOfDisk(AudioDecodeException error) => error.InnerException is IOException or UnauthorizedAccessException;

    string Told(AudioDecodeException error) => _parts.Count == 1 ? error.Problem : $"part {_next} of {_parts.Count} {error.Problem}";

    void AddDefect(string? defect)
    {
        if (defect is null || _defects.Contains(defect)) return;
        if (_defects.Count < DefectsTold) _defects.Add(defect);
        else _defectsUntold++;
    }

    int ReadConverted(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels;
        if (_mono.Length < room) _mono = new float[room];
        int frames = _converted!.Read(_mono.AsSpan(0, room));
        for (int frame = 0; frame < frames; frame++) interleaved.Slice(frame * Channels, Channels).Fill(_mono[frame]);
        return frames;
    }

    /// <summary>Stands for a part that has ended early or never began: it gives no frame.</summary>
    sealed class Silence(int sampleRateHz, int channels) : IAudioStream
    {
        public int SampleRateHz => sampleRateHz;

        public int Channels => channels;

        public long? LengthFrames => 0;

        public string? Defect => null;

        public static Silence Of(int sampleRateHz, int channels) => new(sampleRateHz, channels);

        public int Read(Span<float> interleaved) => 0;

        public void Dispose()
        {
        }
    }
}
