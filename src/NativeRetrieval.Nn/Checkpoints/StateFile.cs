using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Nn.Checkpoints;

/// <summary>Moves the parameters and buffers of a module tree to and from safetensors files, strictly by name and shape.</summary>
public static class StateFile
{
    const int NamesInMessage = 8;

    /// <summary>Writes the whole state of <paramref name="module"/> durably; same state, same bytes.</summary>
    /// <param name="metadata">Text that the header carries along.</param>
    public static void Write(string path, Module module, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafetensorsWriter.Write(path, Items(module), metadata);

    /// <summary>The state as items for a file that holds more than one module.</summary>
    /// <param name="prefix">Put before every name, e.g. <c>text_encoder.</c></param>
    public static IEnumerable<SafetensorsItem> Items(Module module, string prefix = "")
    {
        foreach (var (name, tensor) in module.State(prefix))
        {
            long[] shape = Array.ConvertAll(tensor.Shape.Sizes.ToArray(), size => (long)size);
            // Copied when its turn comes: a large model is never held twice.
            yield return new SafetensorsItem(name, tensor.DType, shape, stream => Write(stream, tensor));
        }
    }

    /// <summary>
    /// Overwrites the state of <paramref name="module"/>. Numbers are converted to the module's dtype, 8-bit weights
    /// (<see cref="Int8Weights"/>) with their scales. Nothing is changed unless every tensor of the module is there in its shape and the
    /// file holds no other.
    /// </summary>
    /// <param name="rename">From a name in the file to the module's name, null for a tensor to ignore; by default names are equal.</param>
    /// <param name="leaveTablesFrom">
    /// Size in bytes from which tables of embeddings stay in the file, which is then not to be changed in place as long as the module is
    /// used (<see cref="SafetensorsFile.TryLeave"/>); by default none do.
    /// </param>
    /// <param name="filled">
    /// Called with each module whose tensors, and those of all below it, have just been read; it may put them into another form and free
    /// them. Modules come in their order, those below first. Null: nothing is done.
    /// </param>
    /// <returns>The names that were ignored, in the file's order.</returns>
    /// <exception cref="CorruptFileException">
    /// A tensor is missing, has another shape, is named twice or has no place in the module, or scales of 8-bit weights are damaged.
    /// </exception>
    public static IReadOnlyList<string> Read(SafetensorsFile file, Module module, Func<string, string?>? rename = null,
        long leaveTablesFrom = long.MaxValue, Action<Module>? filled = null)
    {
        var targets = module.State().ToDictionary(pair => pair.Name, pair => pair.Tensor, StringComparer.Ordinal);
        var sources = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        var (ignored, unknown) = (new List<string>(), new List<string>());
        foreach (var entry in file.Entries)
        {
            if (Int8Weights.IsScale(file, entry.Name)) continue;
            string? name = rename is null ? entry.Name : rename(entry.Name);
            if (name is null) ignored.Add(entry.Name);
            else if (!targets.TryGetValue(name, out var target)) unknown.Add(entry.Name);
            else if (!sources.TryAdd(name, entry))
                throw new CorruptFileException(file.Path, $"tensors '{sources[name].Name}' and '{entry.Name}' are both meant for '{name}'");
            else if (!Fits(entry, target))
                throw new CorruptFileException(
                    file.Path,
                    $"tensor '{entry.Name}' has the shape [{string.Join(", ", entry.Shape)}], the model's is {target.Shape}; "
                        + "the configuration belongs to another model");
            else if (IsQuantized(entry, target)) Int8Weights.Scales(file, entry.Name);
        }

        string[] missing = [.. targets.Keys.Where(name => !sources.ContainsKey(name))];
        if (missing.Length > 0)
            throw new CorruptFileException(
                file.Path, $"{missing.Length} of {targets.Count} tensors of the model are missing: {Some(missing)}");
        if (unknown.Count > 0)
            throw new CorruptFileException(file.Path, $"{unknown.Count} tensors have no place in the model: {Some(unknown)}");

        Fill(module, "");
        return ignored;

        void Fill(Module part, string prefix)
        {
            foreach (var (name, tensor) in part.OwnState)
            {
                var entry = sources[prefix + name];
                if (IsQuantized(entry, tensor)) Int8Weights.CopyTo(file, entry.Name, tensor);
                else if (part is not Embedding || entry.LengthBytes < leaveTablesFrom || !file.TryLeave(entry.Name, tensor))
                    file.CopyTo(entry.Name, tensor);
            }
            foreach (var (name, child) in part.Children) Fill(child, $"{prefix}{name}.");
            filled?.Invoke(part);
        }
    }

    static bool Fits(SafetensorsEntry entry, Tensor target)
    {
        if (entry.Shape.Length != target.Shape.Length) return false;
        for (int axis = 0; axis < entry.Shape.Length; axis++)
            if (entry.Shape[axis] != target.Shape[axis]) return false;
        return true;
    }

    static bool IsQuantized(SafetensorsEntry entry, Tensor target) => entry.DType == DType.Int8 && target.DType != DType.Int64;

    static void Write(Stream stream, Tensor tensor)
    {
        switch (tensor.DType)
        {
            case DType.Float32: stream.Write(MemoryMarshal.AsBytes<float>(tensor.ToArray<float>())); break;
            case DType.Float64: stream.Write(MemoryMarshal.AsBytes<double>(tensor.ToArray<double>())); break;
            case DType.Int64: stream.Write(MemoryMarshal.AsBytes<long>(tensor.ToArray<long>())); break;
            default: throw new ShapeException($"a module's state is float32, float64 or int64, not {tensor.Describe()}");
        }
    }

    static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(NamesInMessage)) + (names.Count > NamesInMessage ? $" and {names.Count - NamesInMessage} more" : "");
}
