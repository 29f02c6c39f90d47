using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Faults that kernels find in values which only the device sees, such as a token id outside the table. The first is written to
/// device memory (kernels/common/fault.cuh) and thrown when values are next read; the CPU throws it at once.
/// </summary>
internal sealed unsafe class DeviceFaults(CudaDevice device) : IDisposable
{
    /// <summary>The words of a fault: kind (0: none), place, value and limit.</summary>
    const int Words = 4;

    /// <summary>The length of the record in bytes.</summary>
    public const int SizeBytes = Words * sizeof(int);

    readonly Lock _lock = new();
    DeviceBuffer? _record;
    PinnedBuffer? _host;
    bool _possible;

    /// <summary>The address of the record, for a launch that may write it.</summary>
    public nint Address
    {
        get
        {
            lock (_lock)
            {
                if (_record is null)
                {
                    _record = new(device.Context, Words * sizeof(int));
                    device.Clear(_record.Address, _record.SizeBytes);
                }
                _possible = true;
                return _record.Address;
            }
        }
    }

    /// <summary>The address of the record where a launch since the last check could write it; else 0.</summary>
    public nint AddressIfPossible
    {
        get
        {
            lock (_lock) return _possible ? _record!.Address : 0;
        }
    }

    /// <summary>Says that recorded work, which may write the record, was launched.</summary>
    public void MayHaveCome()
    {
        lock (_lock) _possible = _record is not null;
    }

    /// <summary>
    /// Throws the recorded fault, if there is one. Everything queued must be done. Free where no launch since the last call could
    /// write.
    /// </summary>
    /// <exception cref="ShapeException">A value was outside its range.</exception>
    public void ThrowIfAny()
    {
        lock (_lock)
        {
            if (!_possible) return;
            _possible = false;
            _host ??= new(device.Context, Words * sizeof(int));
            using (device.Context.Enter())
                cuMemcpyDtoHAsync_v2(_host.Pointer, _record!.Address, Words * sizeof(int), device.Stream.Handle).ThrowIfFailed();
            device.Stream.Synchronize();
            ThrowIfAny(new(_host.Pointer, Words));
        }
    }

    /// <summary>Throws the fault of a copy of the record, if there is one.</summary>
    /// <exception cref="ShapeException">A value was outside its range.</exception>
    public void ThrowIfAny(ReadOnlySpan<int> word)
    {
        if (word[0] == 0) return;
        string message = Describe((Fault)word[0], word[1], word[2], word[3]);
        device.Clear(_record!.Address, SizeBytes);
        throw new ShapeException(message);
    }

    public void Dispose()
    {
        _record?.Dispose();
        _host?.Dispose();
    }

    static string Describe(Fault fault, int place, int value, int limit) => fault switch
    {
        Fault.EmbeddingId => $"Embedding: id {value} at position {place} is outside the table of {limit} rows",
        Fault.AttentionStart => $"Attention: starts[{place + 1}] is {value}; starts must rise from 0 to {limit}, the rows of qkv, at most, "
            + "and by no more than the tokens of a sentence",
        Fault.MeanLength => $"MeanOverTokens: lengths[{place}] is {value}, outside 0 … {limit}, the tokens of a sentence",
        Fault.LogMelLength =>
            $"LogMel: lengths[{place}] is {value}; expected at most {limit}, the samples of a row, and more than half a window",
        _ => $"a kernel reports fault {(int)fault} at {place}: {value}, limit {limit}",
    };
}

/// <summary>Kinds of <see cref="DeviceFaults"/>; the numbers are those of kernels/common/fault.cuh.</summary>
internal enum Fault
{
    None,
    EmbeddingId,
    AttentionStart,
    MeanLength,
    LogMelLength,
}
