using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Sounds that follow each other in one file, such as the links of a chained Ogg stream, as one. The first gives sample rate and channels;
/// a part with another rate or other channels is mixed to mono at that rate and put on all channels.
/// </summary>
internal sealed class JoinedStream : IAudioStream
{
    readonly string _path;
    readonly IReadOnlyList<Func<IAudioStream>> _parts;
    readonly IDisposable _file;
    readonly List<string> _defects = [];
    IAudioStream _current;
    MonoReader? _converted;         // over _current where its form is not the first part's
    float[] _mono = [];
    int _next = 1;

    /// <param name="parts">Openers of the parts in their order, at least one; each is called when the one before has ended.</param>
    /// <param name="file">The file that all parts read from; closed with this stream.</param>
    /// <param name="lengthFrames">Frames of all parts at the first one's rate, or null where that is not known.</param>
    /// <param name="defect">A defect that was found before decoding.</param>
    public JoinedStream(string path, IReadOnlyList<Func<IAudioStream>> parts, IDisposable file, long? lengthFrames, string? defect)
    {
        (_path, _parts, _file, LengthFrames) = (path, parts, file, lengthFrames);
        if (defect is not null) _defects.Add(defect);
        _current = parts[0]();
        (SampleRateHz, Channels) = (_current.SampleRateHz, _current.Channels);
    }

    public int SampleRateHz { get; }

    public int Channels { get; }

    public long? LengthFrames { get; }

    public string? Defect
    {
        get
        {
            string[] all = _current.Defect is { } last ? [.. _defects, last] : [.. _defects];
            return all.Length == 0 ? null : string.Join("; ", all);
        }
    }

    public int Read(Span<float> interleaved)
    {
        while (true)
        {
            int frames = _converted is null ? _current.Read(interleaved) : ReadConverted(interleaved);
            if (frames > 0 || _next == _parts.Count) return frames;
            if (_current.Defect is { } defect) _defects.Add(defect);
            _current.Dispose();
            if (!Advance()) return 0;
            bool fits = _current.SampleRateHz == SampleRateHz && _current.Channels == Channels;
            _converted = fits ? null : MonoReader.Over(_path, _current, SampleRateHz);
        }
    }

    public void Dispose()
    {
        _current.Dispose();
        _file.Dispose();
    }

    /// <summary>Opens the next part that can be decoded; one that cannot is a defect, and what was read before it stays.</summary>
    bool Advance()
    {
        while (_next < _parts.Count)
        {
            try
            {
                _current = _parts[_next++]();
                return true;
            }
            catch (AudioDecodeException error)
            {
                _defects.Add($"part {_next} of {_parts.Count} {error.Problem}");
            }
        }
        return false;
    }

    int ReadConverted(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels;
        if (_mono.Length < room) _mono = new float[room];
        int frames = _converted!.Read(_mono.AsSpan(0, room));
        for (int frame = 0; frame < frames; frame++) interleaved.Slice(frame * Channels, Channels).Fill(_mono[frame]);
        return frames;
    }
}
