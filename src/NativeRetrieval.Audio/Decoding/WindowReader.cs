using System.Buffers;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// Cuts a recording of any length into overlapping windows at 0, hop, 2 hop, … samples without holding more than one window.
/// Every sample is in a window, none is made up: the last window is moved back so that it ends with the file (all windows of a
/// file are equally long), and a file shorter than a window gives the one window it is. Not thread-safe.
/// </summary>
/// <remarks>Its memory serves the next reader: many files one after another leave no garbage.</remarks>
public sealed class WindowReader : IDisposable
{
    const int LongestSeconds = 3600;

    readonly MonoReader _reader;
    readonly int _windowSamples, _hopSamples;
    float[]? _window, _next;        // of the shared pool; null once the reader is closed
    int _filled;                    // samples of _window
    bool _began, _ended;

    WindowReader(MonoReader reader, int windowSamples, int hopSamples)
    {
        (_reader, _windowSamples, _hopSamples) = (reader, windowSamples, hopSamples);
        (_window, _next) = (ArrayPool<float>.Shared.Rent(windowSamples), ArrayPool<float>.Shared.Rent(hopSamples));
    }

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

    /// <summary>The samples that <see cref="Advance"/> has moved to, until it is called again; empty before the first window.</summary>
    public ReadOnlySpan<float> Current => _window.AsSpan(0, _filled);

    /// <summary>Position of the first sample of <see cref="Current"/> in the file, at the reader's sample rate.</summary>
    public long StartSample { get; private set; }

    /// <summary>The next window as a copy of its own, or null after the last.</summary>
    /// <inheritdoc cref="Advance"/>
    public SampleWindow? Read() => Advance() ? new SampleWindow(StartSample, _reader.SampleRateHz, Current.ToArray()) : null;

    /// <summary>Moves to the next window. False, and <see cref="Current"/> stays, after the last.</summary>
    /// <exception cref="AudioDecodeException">The data is damaged, or a sample is not a finite number.</exception>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    public bool Advance()
    {
        ObjectDisposedException.ThrowIf(_window is null, this);
        if (_ended) return false;
        var window = _window.AsSpan(0, _windowSamples);
        if (!_began)
        {
            _began = true;
            _filled = _reader.Read(window);
            _ended = _filled < window.Length;
            return _filled > 0;
        }
        var next = _next.AsSpan(0, _hopSamples);
        int added = _reader.Read(next);
        _ended = added < next.Length;
        if (added == 0) return false;           // the window before this one ended with the file
        window[added..].CopyTo(window);         // by a hop, or, at the end, by what is left
        next[..added].CopyTo(window[^added..]);
        StartSample += added;
        return true;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        if (_window is not null) ArrayPool<float>.Shared.Return(_window);
        if (_next is not null) ArrayPool<float>.Shared.Return(_next);
        (_window, _next, _filled) = (null, null, 0);
    }
}
