namespace NativeRetrieval.Core.Devices;

/// <summary>
/// Values of a tensor on their way to the host (<see cref="Tensors.Tensor.ReadLater{T}"/>): they are those of the moment that they were
/// asked for, and what is queued behind is not waited for.
/// </summary>
/// <typeparam name="T">The tensor's element type.</typeparam>
public sealed class PendingValues<T> where T : unmanaged
{
    readonly IPendingCopy? _copy;
    readonly T[] _values;
    bool _arrived;

    internal PendingValues(T[] values, IPendingCopy? copy) => (_values, _copy, _arrived) = (values, copy, copy is null);

    /// <summary>Waits for the values. They stay readable.</summary>
    /// <exception cref="Errors.NativeRetrievalException">The device failed, or a kernel found a value outside its range.</exception>
    public IReadOnlyList<T> Wait()
    {
        if (!_arrived)
        {
            _copy!.Wait(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_values.AsSpan()));
            _arrived = true;
        }
        return _values;
    }
}

/// <summary>A copy from a device that is under way.</summary>
internal interface IPendingCopy
{
    /// <summary>Waits for it, once, and hands the bytes over.</summary>
    void Wait(Span<byte> host);
}
