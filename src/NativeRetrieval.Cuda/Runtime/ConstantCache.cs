using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>
/// Values on the device that are uploaded once and asked for again and again, such as tables of addresses. Safe for several threads.
/// </summary>
internal sealed class ConstantCache(CudaDevice device)
{
    /// <summary>More than the tables that a training step has; the one that was not used for longest goes.</summary>
    const int Most = 64;

    readonly Lock _lock = new();
    readonly LinkedList<(byte[] Values, Storage Storage)> _entries = [];

    /// <summary>Memory with these values; the caller releases it.</summary>
    public Storage Get(ReadOnlySpan<byte> values)
    {
        lock (_lock)
        {
            for (var node = _entries.First; node is not null; node = node.Next)
            {
                if (!values.SequenceEqual(node.Value.Values)) continue;
                _entries.Remove(node);
                _entries.AddFirst(node);
                node.Value.Storage.Share();
                return node.Value.Storage;
            }
            var storage = Storage.CopyOf(device, values);
            _entries.AddFirst((values.ToArray(), storage));
            storage.Share();
            if (_entries.Count > Most) RemoveLast();
            return storage;
        }
    }

    /// <summary>Forgets all; what is in use stays until it is released.</summary>
    public void Clear()
    {
        lock (_lock)
            while (_entries.Count > 0) RemoveLast();
    }

    void RemoveLast()
    {
        _entries.Last!.Value.Storage.Release();
        _entries.RemoveLast();
    }
}
