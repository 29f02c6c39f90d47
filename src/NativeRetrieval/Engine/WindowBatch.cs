using System.Buffers;
using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>
/// Waveforms of a recording's windows, all of one length, that wait for each other. Their memory is that in which feature maps lie
/// afterwards: hours of sound leave no garbage. Not thread-safe.
/// </summary>
internal sealed class WindowBatch(FeatureExtractor features, int rateHz) : IDisposable
{
    readonly List<(double StartSeconds, double EndSeconds, Tensor Waveform)> _windows = [];
    int _samples;

    public int Count => _windows.Count;

    /// <summary>Frames of log-mel of all that wait.</summary>
    public int Frames => Count * features.Settings.LogMel.FramesOf(_samples);

    /// <summary>Adds the reader's current window.</summary>
    public void Add(WindowReader reader)
    {
        var samples = reader.Current;
        _samples = features.WaveformSamples(samples.Length);
        using var memory = MemoryPool<float>.Shared.Rent(_samples);
        var waveform = memory.Memory.Span[.._samples];
        features.WriteWaveform(samples, waveform);
        _windows.Add(((double)reader.StartSample / rateHz, (double)(reader.StartSample + samples.Length) / rateHz,
            TensorScope.Detach(Tensor.From<float>(waveform, [1, _samples], CpuDevice.Shared))));
    }

    /// <summary>Hands out the windows with their vectors, and is empty then.</summary>
    /// <param name="embed">From waveforms, [Count, samples] on <paramref name="device"/>, to vectors, [Count, D], row-major.</param>
    public IReadOnlyList<AudioWindow> Take(Device device, Func<Tensor, float[]> embed)
    {
        using var scope = TensorScope.Begin();
        var waveforms = Op.Concat([.. _windows.Select(window => window.Waveform)]);
        if (device is not CpuDevice) waveforms = Tensor.From(waveforms.ToArray<float>(), waveforms.Shape, device);
        (double Start, double End)[] places = [.. _windows.Select(window => (window.StartSeconds, window.EndSeconds))];
        Dispose();
        float[] vectors = embed(waveforms);
        int width = vectors.Length / places.Length;
        return [.. places.Select((place, i) => new AudioWindow(place.Start, place.End, vectors.AsMemory(i * width, width)))];
    }

    /// <summary>Frees the waveforms.</summary>
    public void Dispose()
    {
        foreach (var window in _windows) window.Waveform.Dispose();
        _windows.Clear();
    }
}
