using System.Buffers;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// A sound file as one channel (the mean of all) at a wanted sample rate, read front to back in bounded memory however long it is.
/// Not thread-safe.
/// </summary>
public sealed class MonoReader : IDisposable
{
    const int BlockSamples = 1 << 15;
    readonly string _path;
    readonly IAudioStream _stream;
    readonly Resampler? _resampler;         // null where the file has the wanted rate
    readonly int _blockFrames;
    float[]? _interleaved, _mono;           // of the shared pool; null once the reader is closed
    bool _ended;

    MonoReader(string path, IAudioStream stream, int sampleRateHz, Resampler? resampler)
    {
        (_path, _stream, SampleRateHz, _resampler) = (path, stream, sampleRateHz, resampler);
        _blockFrames = Math.Max(1, BlockSamples / stream.Channels);
        _interleaved = ArrayPool<float>.Shared.Rent(_blockFrames * stream.Channels);
        _mono = ArrayPool<float>.Shared.Rent(_blockFrames);
    }

    /// <summary>Sample rate of the samples that <see cref="Read"/> gives.</summary>
    public int SampleRateHz { get; }

    /// <summary>Sample rate of the file.</summary>
    public int SourceSampleRateHz => _stream.SampleRateHz;

    /// <summary>Channels of the file.</summary>
    public int SourceChannels => _stream.Channels;

    /// <summary>The defect that reading met and got past so far, as <see cref="IAudioStream.Defect"/>.</summary>
    public string? Defect => _stream.Defect;

    /// <summary>Samples at <see cref="SampleRateHz"/> as the file's header promises them, or null where it does not say.</summary>
    public long? LengthSamples =>
        _stream.LengthFrames is { } frames ? Resampler.OutputLength(frames, SourceSampleRateHz, SampleRateHz) : null;

    /// <summary>Opens a sound file at its first sample.</summary>
    /// <param name="path">A file that <see cref="AudioDecoder"/> opens.</param>
    /// <param name="sampleRateHz">Within a factor of 64 of the file's own.</param>
    /// <param name="preset">Filter of the resampler; null: <see cref="ResamplerPreset.High"/>.</param>
    /// <exception cref="AudioDecodeException">
    /// The file cannot be decoded, or its rate is too far from <paramref name="sampleRateHz"/>.
    /// </exception>
    public static MonoReader Open(string path, int sampleRateHz, ResamplerPreset? preset = null) =>
        Over(path, AudioDecoder.Open(path), sampleRateHz, preset);

    /// <summary>Reads a stream that is open already; the reader closes it.</summary>
    /// <exception cref="AudioDecodeException">The stream's rate is too far from <paramref name="sampleRateHz"/>.</exception>
    public static MonoReader Over(string path, IAudioStream stream, int sampleRateHz, ResamplerPreset? preset = null)
    {
        try
        {
            var resampler = stream.SampleRateHz == sampleRateHz
                ? null
                : new Resampler(stream.SampleRateHz, sampleRateHz, preset ?? ResamplerPreset.High);
            return new MonoReader(path, stream, sampleRateHz, resampler);
        }
        catch (OptionException error)
        {
            stream.Dispose();
            throw new AudioDecodeException(path, error.Message, error);
        }
    }

    /// <summary>
    /// Reads a file to its end or its first <paramref name="maximumSamples"/>; meant for clips. Long recordings are better read by
    /// <see cref="WindowReader"/>.
    /// </summary>
    /// <param name="maximumSamples">Most samples to read, at least 1, at <paramref name="sampleRateHz"/>; the rest of the file is not
    /// decoded.</param>
    /// <exception cref="AudioDecodeException">The file cannot be decoded, or has more samples than one array holds (2³¹).</exception>
    public static float[] ReadAll(string path, int sampleRateHz, ResamplerPreset? preset = null, int maximumSamples = int.MaxValue) =>
        ReadAll(path, sampleRateHz, preset, maximumSamples, out _);

    /// <inheritdoc cref="ReadAll(string, int, ResamplerPreset?, int)"/>
    /// <param name="defect">The defect that reading met and got past, as <see cref="IAudioStream.Defect"/>; or null.</param>
    public static float[] ReadAll(string path, int sampleRateHz, ResamplerPreset? preset, int maximumSamples, out string? defect)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumSamples, 1);
        using MonoReader reader = Open(path, sampleRateHz, preset);
        // The header's length is a promise of the file's, not a fact: it sizes the first array only up to a bound.
        var samples = new float[(int)Math.Min(maximumSamples, Math.Clamp((reader.LengthSamples ?? 0) + 1, BlockSamples, 1 << 22))];
        for (int count = 0; ;)
        {
            int read = reader.Read(samples.AsSpan(count));
            count += read;
            if (count < samples.Length || count == maximumSamples)
            {
                if (count == 0) throw new AudioDecodeException(path, "holds no samples that can be decoded");
                defect = reader.Defect;
                return samples[..count];
            }
            if (count == Array.MaxLength)
                throw new AudioDecodeException(path,
                    $"has more than {Array.MaxLength:N0} samples at {sampleRateHz} Hz; read it in windows");
            Array.Resize(ref samples, (int)Math.Min(2L * samples.Length, Math.Min(maximumSamples, Array.MaxLength)));
        }
    }

    /// <summary>Reads the next samples.</summary>
    /// <returns>Samples read: as many as fit; fewer only at the end.</returns>
    /// <exception cref="AudioDecodeException">The data is damaged, or a sample is not a finite number.</exception>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    public int Read(Span<float> samples)
    {
        ObjectDisposedException.ThrowIf(_mono is null, this);
        int count = 0;
        while (count < samples.Length)
        {
            if (_resampler is null)
            {
                int frames = _ended ? 0 : ReadMono(Math.Min(_blockFrames, samples.Length - count));
                if (frames == 0) break;
                _mono.AsSpan(0, frames).CopyTo(samples[count..]);
                count += frames;
                continue;
            }
            int pulled = _resampler.Pull(samples[count..]);
            count += pulled;
            if (count == samples.Length || pulled == 0 && _ended) break;
            if (pulled == 0) _resampler.Push(_mono.AsSpan(0, ReadMono(_blockFrames)));
            if (_ended) _resampler.Complete();
        }
        return count;
    }

    int ReadMono(int maximumFrames)
    {
        int channels = _stream.Channels;
        int frames = _stream.Read(_interleaved.AsSpan(0, maximumFrames * channels));
        _ended = frames == 0;
        Span<float> mono = _mono.AsSpan(0, frames);
        ReadOnlySpan<float> interleaved = _interleaved.AsSpan(0, frames * channels);
        if (channels == 1)
        {
            interleaved.CopyTo(mono);
            return frames;
        }
        float scale = 1f / channels;
        for (int frame = 0; frame < frames; frame++)
        {
            float sum = 0;
            foreach (float sample in interleaved.Slice(frame * channels, channels)) sum += sample;
            mono[frame] = sum * scale;
        }
        return frames;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        if (_interleaved is not null) ArrayPool<float>.Shared.Return(_interleaved);
        if (_mono is not null) ArrayPool<float>.Shared.Return(_mono);
        (_interleaved, _mono) = (null, null);
    }
}
