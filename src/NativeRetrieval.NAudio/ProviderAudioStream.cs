using NAudio.Wave;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.NAudio;

/// <summary>A source of NAudio as an <see cref="IAudioStream"/>: whole frames, finite samples, errors that name the source.</summary>
internal sealed class ProviderAudioStream : IAudioStream
{
    readonly ISampleProvider _provider;
    readonly string _name;
    readonly bool _leaveOpen;
    long _framesRead;
    bool _ended;

    ProviderAudioStream(ISampleProvider provider, string name, long? lengthFrames, bool leaveOpen)
    {
        (_provider, _name, LengthFrames, _leaveOpen) = (provider, name, lengthFrames, leaveOpen);
        (SampleRateHz, Channels) = (provider.WaveFormat.SampleRate, provider.WaveFormat.Channels);
    }

    public int SampleRateHz { get; }

    public int Channels { get; }

    public long? LengthFrames { get; }

    public string? Defect { get; private set; }

    /// <exception cref="AudioDecodeException">The source's format has no channel or no sample rate.</exception>
    public static ProviderAudioStream Open(ISampleProvider provider, string name, long? lengthFrames, bool leaveOpen)
    {
        var format = provider.WaveFormat ?? throw new AudioDecodeException(name, "has no WaveFormat; expected sample rate and channels");
        if (format.Channels < 1 || format.SampleRate < 1)
            throw new AudioDecodeException(name,
                $"says it has {format.Channels} channels at {format.SampleRate} Hz; expected at least 1 of each");
        return new ProviderAudioStream(provider, name, lengthFrames, leaveOpen);
    }

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels * Channels;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        int count = 0;
        while (!_ended && (count == 0 || count % Channels != 0))
        {
            // A source that stops within a frame is asked for no more than the rest of that frame.
            int wanted = count == 0 ? room : Channels - count % Channels;
            int read = ReadSource(interleaved.Slice(count, wanted));
            _ended = read == 0;
            count += read;
        }
        if (count % Channels is > 0 and var rest)
            Defect = $"its last {rest} samples are less than a frame of {Channels} channels; they are left out";
        int frames = count / Channels;
        SampleRange.Check(_name, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        return frames;
    }

    int ReadSource(Span<float> samples)
    {
        int read;
        try
        {
            read = _provider.Read(samples);
        }
        catch (Exception error) when (error is not (NativeRetrievalException or OperationCanceledException or OutOfMemoryException))
        {
            throw new AudioDecodeException(_name,
                $"cannot be read after frame {_framesRead:N0} ({error.GetType().Name}: {error.Message})", error);
        }
        if (read < 0 || read > samples.Length)
            throw new AudioDecodeException(_name,
                $"gave {read} samples after frame {_framesRead:N0}; expected 0 to the {samples.Length} that were asked for");
        return read;
    }

    public void Dispose()
    {
        if (!_leaveOpen) (_provider as IDisposable)?.Dispose();
    }
}
