using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Audio.Features;

/// <summary>
/// Computes the log-mel of a sound file or of samples: decode, mean of the channels, resample, cut or fill, transform. Thread-safe.
/// </summary>
public sealed class FeatureExtractor
{
    /// <summary>An extractor with these settings.</summary>
    /// <exception cref="OptionException">A setting is out of its range.</exception>
    public FeatureExtractor(FeatureSettings settings)
    {
        settings.Validate();
        Settings = settings;
    }

    /// <summary>Settings of the features.</summary>
    public FeatureSettings Settings { get; }

    /// <summary>The log-mel of a sound file.</summary>
    /// <exception cref="AudioDecodeException">The file cannot be decoded.</exception>
    public LogMelClip Extract(string path)
    {
        int most = Settings.MaximumSamples ?? int.MaxValue;
        float[] samples = MonoReader.ReadAll(path, Settings.LogMel.SampleRateHz, Settings.Resampler, most, out string? defect);
        return Extract(samples) with { Defect = defect };
    }

    /// <summary>The log-mel of samples.</summary>
    /// <param name="samples">Mono at the settings' sample rate, full scale ±1, at least one.</param>
    /// <exception cref="ShapeException">There is no sample.</exception>
    public LogMelClip Extract(ReadOnlySpan<float> samples)
    {
        using var scope = TensorScope.Begin();
        float[] waveform = Waveform(samples);
        Tensor logMel = Op.LogMel(Tensor.From(waveform, [1, waveform.Length], CpuDevice.Shared), Settings.LogMel);
        return new LogMelClip(logMel.ToArray<float>(), logMel.Shape[2], logMel.Shape[3], Cut(samples).Length);
    }

    /// <summary>
    /// The waveform that <see cref="Extract(ReadOnlySpan{float})"/> transforms: the samples, cut, repeated or followed by zeros as the
    /// settings say.
    /// </summary>
    /// <inheritdoc cref="Extract(ReadOnlySpan{float})"/>
    public float[] Waveform(ReadOnlySpan<float> samples)
    {
        var waveform = new float[WaveformSamples(samples.Length)];
        WriteWaveform(samples, waveform);
        return waveform;
    }

    /// <summary>Length of the waveform of a clip.</summary>
    /// <param name="samples">Length of the clip at the settings' sample rate, at least one.</param>
    /// <inheritdoc cref="Extract(ReadOnlySpan{float})"/>
    public int WaveformSamples(int samples)
    {
        if (samples < 1) throw new ShapeException("a clip has at least one sample, got none");
        return checked(Math.Max(Filled(samples), Settings.MinimumSamples) + Settings.TrailingSilenceSamples);
    }

    /// <summary>Writes <see cref="Waveform"/> into memory that is there.</summary>
    /// <param name="waveform">As long as <see cref="WaveformSamples"/> says.</param>
    /// <inheritdoc cref="Extract(ReadOnlySpan{float})"/>
    public void WriteWaveform(ReadOnlySpan<float> samples, Span<float> waveform)
    {
        if (WaveformSamples(samples.Length) is var length && waveform.Length != length)
            throw new ShapeException($"the waveform of {samples.Length} samples has {length}, there is room for {waveform.Length}");
        samples = Cut(samples);
        int filled = Filled(samples.Length), end = 0;
        for (; end <= filled - samples.Length; end += samples.Length) samples.CopyTo(waveform[end..]);
        waveform[end..].Clear();
    }

    int Filled(int samples) => Math.Max(Math.Min(samples, Settings.MaximumSamples ?? samples), Settings.FilledSamples ?? 0);

    ReadOnlySpan<float> Cut(ReadOnlySpan<float> samples) =>
        Settings.MaximumSamples is { } most && samples.Length > most ? samples[..most] : samples;
}

/// <summary>The log-mel spectrogram of one clip.</summary>
/// <param name="Values">[Frames, MelBins] in dB, float32.</param>
/// <param name="Samples">Length of the clip at the settings' sample rate, before short ones were padded.</param>
public sealed record LogMelClip(float[] Values, int Frames, int MelBins, int Samples)
{
    /// <summary>
    /// The defect of the sound file that decoding met and got past, as <see cref="Decoding.IAudioStream.Defect"/>; or null.
    /// </summary>
    public string? Defect { get; init; }
}
