using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>Tensors on their way into a golden file.</summary>
sealed class GoldenFile
{
    readonly List<SafetensorsItem> _items = [];

    public void Add(string name, Tensor tensor) => Add(name, tensor.Shape.Sizes.ToArray(), tensor.Values());

    public void Add(string name, int[] shape, double[] values) =>
        _items.Add(SafetensorsItem.Float64(name, [.. shape.Select(size => (long)size)], values));

    public void Add(string name, int[] shape, float[] values) =>
        _items.Add(SafetensorsItem.Float32(name, [.. shape.Select(size => (long)size)], values));

    public void Add(string name, int[] shape, int[] values) =>
        _items.Add(SafetensorsItem.Int64(name, [.. shape.Select(size => (long)size)], Array.ConvertAll(values, value => (long)value)));

    /// <summary>Writes the file, its folder included.</summary>
    public void Write(string path, params (string Key, string Value)[] metadata)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SafetensorsWriter.Write(path, _items, metadata.ToDictionary(entry => entry.Key, entry => entry.Value));
    }

    /// <summary>Numbers in [−1, 1) that follow from the name.</summary>
    public static double[] Noise(string name, int count) =>
        Array.ConvertAll(FormulaWeights.Of(name + ".bias", count), value => 10.0 * value);

    /// <summary>Something like log-mel: −40 ± 30 dB, exact in float32.</summary>
    public static float[] LogMel(string name, int[] shape) =>
        Array.ConvertAll(Noise(name, shape.Aggregate((a, b) => a * b)), value => (float)(-40 + 30 * value));
}
