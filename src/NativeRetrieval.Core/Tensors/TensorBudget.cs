using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// The bound on a model that is built to be filled from a file: its state has about twice the file's tensors and elements at most, and no
/// tensor is twice as large as the file's largest. A configuration that asks for more is refused before the memory is taken; one that asks
/// for a little more or less than the file has is refused by a tensor's name when the model is filled. The bound holds for what the
/// creating thread makes until it is disposed of.
/// </summary>
public sealed class TensorBudget : IDisposable
{
    const int ElementsBeyond = 1 << 16, TensorsBeyond = 64;

    [ThreadStatic]
    static TensorBudget? _current;

    readonly TensorBudget? _outer = _current;
    readonly SafetensorsFile _file;
    readonly long _largest, _elements;
    long _usedElements;
    int _usedTensors;

    /// <param name="file">The weights that the model will be filled from.</param>
    public TensorBudget(SafetensorsFile file)
    {
        _file = file;
        foreach (var entry in file.Entries)
        {
            _elements += entry.ElementCount;
            _largest = Math.Max(_largest, entry.ElementCount);
        }
        _current = this;
    }

    /// <summary>Counts a tensor of a model's state.</summary>
    /// <exception cref="CorruptFileException">The file has fewer tensors or elements than the model by now.</exception>
    public static void Charge(Tensor state)
    {
        if (_current is not { } budget) return;
        budget._usedElements += state.Shape.Count;
        if (++budget._usedTensors > 2 * budget._file.Entries.Count + TensorsBeyond)
            throw budget.Exceeded(
                $"has only {budget._file.Entries.Count:N0} tensors, the model that the configuration describes has far more");
        if (budget._usedElements > 2 * budget._elements + ElementsBeyond)
            throw budget.Exceeded($"has only {budget._elements:N0} numbers, the model that the configuration describes has far more");
    }

    /// <summary>Ends the bound.</summary>
    public void Dispose() => _current = _outer;

    /// <summary>Refuses a tensor before its memory is taken.</summary>
    internal static void Check(Shape shape)
    {
        if (_current is not { } budget) return;
        long elements = 1;
        foreach (int size in shape)
        {
            elements *= size;
            if (elements > 2 * budget._largest + ElementsBeyond)
                throw budget.Exceeded($"has no tensor as large as {shape}, which the configuration asks for");
        }
    }

    CorruptFileException Exceeded(string problem) =>
        new(_file.Path, $"{problem}; configuration and weights belong to different models");
}
