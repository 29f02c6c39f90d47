using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Cuts a recording of any length into overlapping windows at 0, hop, 2 hop, … samples without holding more than one window.
/// Every sample is in a window, none is made up: the last window is moved back so that it ends with the file (all windows of a
/// file are equally long), and a file shorter than a window gives the one window it is. Not thread-safe.
/// </summary>
public sealed class WindowReader : IDisposable
{
    const int LongestSeconds = 3600;

    readonly MonoReader _reader;
    readonly float[] _window, _next;
    long _start;                    // of _window[0]
    bool _began, _ended;

    WindowReader(MonoReader reader, int windowSamples, int hopSamples) =>
        (_reader, _window, _next) = (reader, new float[windowSamples], new float[hopSamples]);

    /// <summary>Opens a sound file at its first window.</summary>
    /// <param name="path">A file that <see cref="AudioDecoder"/> opens.</param>
    /// <param name="sampleRateHz">Sample rate of the windows, within a factor of 64 of the file's own.</param>
    /// <param name="windowSamples">Length of a window, from one sample to an hour.</param>
    /// <param name="hopSamples">Distance from one start to the next, 1 to <paramref name="windowSamples"/>.</param>
    /// <param name="preset">Filter of the resampler; null: <see cref="ResamplerPreset.High"/>.</param>
    /// <exception cref="AudioDecodeException">The file cannot be decoded.</exception>
    /// <exception cref="OptionException">Window or hop is out of range.</exception>
    public static WindowReader Open(string path, int sampleRateHz, int windowSamples, int hopSamples, ResamplerPreset? preset = null)
    {
        CheckLengths(sampleRateHz, windowSamples, hopSamples);
        return Over(path, AudioDecoder.Open(path), sampleRateHz, windowSamples, hopSamples, preset);
    }

    /// <summary>Cuts a sound that is open already, from where it stands; the reader closes it, also where this call fails.</summary>
    /// <param name="name">Name of the sound in messages.</param>
    /// <inheritdoc cref="Open"/>
    public static WindowReader Over(string name, IAudioStream stream, int sampleRateHz, int windowSamples, int hopSamples,
        ResamplerPreset? preset = null)
    {
        try
        {
            CheckLengths(sampleRateHz, windowSamples, hopSamples);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
        return new WindowReader(MonoReader.Over(name, stream, sampleRateHz, preset), windowSamples, hopSamples);
    }

    static void CheckLengths(int sampleRateHz, int windowSamples, int hopSamples)
    {
        if (windowSamples < 1) throw new OptionException($"a window of {windowSamples} samples is not possible; expected at least 1");
        if (windowSamples > (long)LongestSeconds * sampleRateHz)
            throw new OptionException($"a window of {windowSamples:N0} samples is longer than {LongestSeconds:N0} s at {sampleRateHz} Hz; "
                + "a window is in memory as a whole, so take a shorter one");
        if (hopSamples < 1 || hopSamples > windowSamples)
            throw new OptionException($"hop is {hopSamples} samples; expected 1 to the window's {windowSamples}, so that no sample is "
                + "skipped");
    }

    /// <summary>The defect that reading met and got past so far, as <see cref="IAudioStream.Defect"/>.</summary>
    public string? Defect => _reader.Defect;

    /// <summary>The next window, or null after the last.</summary>
    /// <exception cref="AudioDecodeException">The data is damaged, or a sample is not a finite number.</exception>
    public SampleWindow? Read()
    {
        if (_ended) return null;
        if (!_began)
        {
            _began = true;
            int filled = _reader.Read(_window);
            _ended = filled < _window.Length;
            return filled == 0 ? null : new SampleWindow(0, _reader.SampleRateHz, _window[..filled]);
        }
        int added = _reader.Read(_next);
        _ended = added < _next.Length;
        if (added == 0) return null;            // the window before this one ended with the file
        _window.AsSpan(added).CopyTo(_window);  // by a hop, or, at the end, by what is left
        _next.AsSpan(0, added).CopyTo(_window.AsSpan(_window.Length - added));
        _start += added;
        return new SampleWindow(_start, _reader.SampleRateHz, [.. _window]);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _reader.Dispose();
}
