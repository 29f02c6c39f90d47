using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Audio.Features;

/// <summary>From a sound file or samples to log-mel: decode, mean of the channels, resample, cut or pad, transform. Thread-safe.</summary>
public sealed class FeatureExtractor
{
    /// <exception cref="OptionException">A setting is out of its range.</exception>
    public FeatureExtractor(FeatureSettings settings)
    {
        settings.Validate();
        Settings = settings;
    }

    public FeatureSettings Settings { get; }

    /// <exception cref="AudioDecodeException">The file cannot be decoded.</exception>
    public LogMelClip Extract(string path)
    {
        int most = Settings.MaximumSamples ?? int.MaxValue;
        float[] samples = MonoReader.ReadAll(path, Settings.LogMel.SampleRateHz, Settings.Resampler, most, out string? defect);
        return Extract(samples) with { Defect = defect };
    }

    /// <param name="samples">Mono at the settings' sample rate, full scale ±1, at least one.</param>
    public LogMelClip Extract(ReadOnlySpan<float> samples)
    {
        using var scope = TensorScope.Begin();
        Tensor waveform = Tensor.Zeros([1, PaddedSamples(samples.Length)], CpuDevice.Shared);
        samples = Cut(samples);
        samples.CopyTo(waveform.Span<float>());
        Tensor logMel = Op.LogMel(waveform, Settings.LogMel);
        return new LogMelClip(logMel.ToArray<float>(), logMel.Shape[2], logMel.Shape[3], samples.Length);
    }

    /// <summary>What <see cref="Extract(ReadOnlySpan{float})"/> transforms: the samples, cut or followed by zeros as the settings say.</summary>
    /// <inheritdoc cref="Extract(ReadOnlySpan{float})"/>
    public float[] Waveform(ReadOnlySpan<float> samples)
    {
        var waveform = new float[PaddedSamples(samples.Length)];
        Cut(samples).CopyTo(waveform);
        return waveform;
    }

    ReadOnlySpan<float> Cut(ReadOnlySpan<float> samples) => Settings.MaximumSamples is { } most && samples.Length > most ? samples[..most] : samples;

    int PaddedSamples(int samples)
    {
        if (samples < 1) throw new ShapeException("a clip has at least one sample, got none");
        return checked(Math.Clamp(samples, Settings.MinimumSamples, Settings.MaximumSamples ?? int.MaxValue) + Settings.TrailingSilenceSamples);
    }
}
