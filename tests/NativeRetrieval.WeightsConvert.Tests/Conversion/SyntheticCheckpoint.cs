using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

/// <summary>Tensors by name, with formula weights, that a test changes and writes as a file.</summary>
sealed class SyntheticCheckpoint
{
    readonly Dictionary<string, SafetensorsItem> _items = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _items.Keys;

    public IEnumerable<int> ShapeOf(string name) => _items[name].Shape.Select(size => (int)size);

    public SyntheticCheckpoint Add(string name, params int[] shape)
    {
        _items[name] = SafetensorsItem.Float32(name, [.. shape.Select(size => (long)size)], FormulaWeights.Of(name, shape));
        return this;
    }

    public SyntheticCheckpoint Add(string name, long[] shape, float[] values)
    {
        _items[name] = SafetensorsItem.Float32(name, shape, values);
        return this;
    }

    /// <summary>The numbers 0, 1, 2 … as one row.</summary>
    public SyntheticCheckpoint AddPositions(string name, int count)
    {
        _items[name] = SafetensorsItem.Int64(name, [1, count], Enumerable.Range(0, count).Select(i => (long)i).ToArray());
        return this;
    }

    /// <summary>All tensors of a module, which is disposed.</summary>
    public SyntheticCheckpoint Add(Module module, string prefix = "")
    {
        using (module)
            foreach (var (name, tensor) in module.State()) Add(prefix + name, tensor.Shape.Sizes.ToArray());
        return this;
    }

    /// <summary>The Fourier kernels and the mel matrix as torchlibrosa computes them.</summary>
    public SyntheticCheckpoint AddFrontEnd(LogMelSettings settings, string prefix = "")
    {
        int window = settings.WindowSamples, bins = window / 2 + 1;
        float[] real = new float[bins * window], imaginary = new float[bins * window];
        for (int k = 0; k < bins; k++)
            for (int n = 0; n < window; n++)
            {
                double hann = 0.5 - 0.5 * Math.Cos(2 * Math.PI * n / window), angle = 2 * Math.PI * ((double)k * n % window) / window;
                (real[k * window + n], imaginary[k * window + n]) = ((float)(hann * Math.Cos(angle)), (float)(-hann * Math.Sin(angle)));
            }
        Add($"{prefix}spectrogram_extractor.stft.conv_real.weight", [bins, 1, window], real);
        Add($"{prefix}spectrogram_extractor.stft.conv_imag.weight", [bins, 1, window], imaginary);
        return Add($"{prefix}logmel_extractor.melW", [bins, settings.MelBins],
            [.. new MelFilterbank(settings).Weights.ToArray().Select(weight => (float)weight)]);
    }

    public SyntheticCheckpoint Remove(string name)
    {
        Assert.True(_items.Remove(name), name);
        return this;
    }

    public SyntheticCheckpoint Rename(Func<string, string> rename)
    {
        var items = _items.Values.ToList();
        _items.Clear();
        foreach (var item in items) _items[rename(item.Name)] = item with { Name = rename(item.Name) };
        return this;
    }

    /// <summary>Puts another of the same values beside every tensor.</summary>
    public SyntheticCheckpoint Repeat(string prefix)
    {
        foreach (var item in _items.Values.ToList()) _items[prefix + item.Name] = item with { Name = prefix + item.Name };
        return this;
    }

    public string Write(string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsWriter.Write(path, _items.Values, metadata);
        return path;
    }

    /// <summary>PANNs' Cnn14 with narrow layers: encoder, fc1 and classifier.</summary>
    public static SyntheticCheckpoint PannsCnn14() =>
        new SyntheticCheckpoint().Add(AudioEncoder.Create(SmallCnn14, CpuDevice.Shared, new PhiloxSequence(default)))
        .Add("fc1.weight", 6, 6).Add("fc1.bias", 6).Add("fc_audioset.weight", 9, 6).Add("fc_audioset.bias", 9);

    public static SyntheticCheckpoint Bert() => new SyntheticCheckpoint().Add(new BertEncoder(SmallBert, CpuDevice.Shared, random: null));

    public static Cnn14Config SmallCnn14 { get; } = new() { Channels = [2, 3, 4, 5, 4, 6] };

    public static BertConfig SmallBert { get; } = new() { VocabularySize = 12, Width = 64, Layers = 2, Heads = 1, HiddenWidth = 7,
        MaxPositions = 16, Segments = 2 };

    /// <summary>Writes a vocabulary of as many tokens as <see cref="SmallBert"/> has.</summary>
    public static string WriteVocabulary(string path, int tokens = 12)
    {
        File.WriteAllLines(path, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range(0, tokens - 5).Select(i => $"t{i}")]);
        return path;
    }
}
