using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Audio.Features;

/// <summary>
/// Computes the log-mel of a sound file or of samples: decode, mean of the channels, resample, cut or pad, transform. Thread-safe.
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
    public LogMelClip Extract(string path) =>
        Extract(MonoReader.ReadAll(path, Settings.LogMel.SampleRateHz, Settings.Resampler, Settings.MaximumSamples ?? int.MaxValue));

    /// <summary>The log-mel of samples.</summary>
    /// <param name="samples">Mono at the settings' sample rate, full scale ±1, at least one.</param>
    /// <exception cref="ShapeException">There is no sample.</exception>
    public LogMelClip Extract(ReadOnlySpan<float> samples)
    {
        using var scope = TensorScope.Begin();
        Tensor waveform = Tensor.Zeros([1, PaddedSamples(samples.Length)], CpuDevice.Shared);
        samples = Cut(samples);
        waveform.Reshape([waveform.Shape[1]]).Rows(0, samples.Length).CopyFrom(samples);
        Tensor logMel = Op.LogMel(waveform, Settings.LogMel);
        return new LogMelClip(logMel.ToArray<float>(), logMel.Shape[2], logMel.Shape[3], samples.Length);
    }

    /// <summary>
    /// The waveform that <see cref="Extract(ReadOnlySpan{float})"/> transforms: the samples, cut or followed by zeros as the settings say.
    /// </summary>
    /// <inheritdoc cref="Extract(ReadOnlySpan{float})"/>
    public float[] Waveform(ReadOnlySpan<float> samples)
    {
        var waveform = new float[PaddedSamples(samples.Length)];
        Cut(samples).CopyTo(waveform);
        return waveform;
    }

    ReadOnlySpan<float> Cut(ReadOnlySpan<float> samples) =>
        Settings.MaximumSamples is { } most && samples.Length > most ? samples[..most] : samples;

    int PaddedSamples(int samples)
    {
        if (samples < 1) throw new ShapeException("a clip has at least one sample, got none");
        int content = Math.Clamp(samples, Settings.MinimumSamples, Settings.MaximumSamples ?? int.MaxValue);
        return checked(content + Settings.TrailingSilenceSamples);
    }
}

/// <summary>The log-mel spectrogram of one clip.</summary>
/// <param name="Values">[Frames, MelBins] in dB, float32.</param>
/// <param name="Samples">Length of the clip at the settings' sample rate, before short ones were padded.</param>
public sealed record LogMelClip(float[] Values, int Frames, int MelBins, int Samples);
