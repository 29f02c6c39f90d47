using System.Buffers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// Memory that is taken when it is first touched. Until then its values are zeros, or those of a tensor in a file, whose rows can be had
/// without it. Safe for concurrent callers.
/// </summary>
internal sealed class DeferredMemory(Device device, long sizeBytes) : IDisposable
{
    const int ChunkBytes = 1 << 20;

    readonly Lock _lock = new();
    FileRows? _file;
    nint _address;

    public Device Device => device;

    public long SizeBytes => sizeBytes;

    /// <summary>The memory, with the values in it.</summary>
    /// <exception cref="Errors.CorruptFileException">The file that has the values was changed.</exception>
    public nint Address => Volatile.Read(ref _address) is not 0 and var taken ? taken : Take();

    /// <summary>The file that has the values; null: they are zeros, or in memory.</summary>
    public FileRows? File => Volatile.Read(ref _address) == 0 ? Volatile.Read(ref _file) : null;

    /// <summary>Leaves the values in a file, which belongs to this memory from then on.</summary>
    /// <returns>False where the memory is taken already.</returns>
    public bool TryLeaveIn(FileRows file)
    {
        lock (_lock)
        {
            if (_address != 0 || _file is not null) return false;
            Volatile.Write(ref _file, file);
            return true;
        }
    }

    nint Take()
    {
        lock (_lock)
        {
            if (_address != 0) return _address;
            nint address = device.Allocate(sizeBytes);
            try
            {
                if (_file is null) device.Clear(address, sizeBytes);
                else Fill(address, _file);
            }
            catch
            {
                device.Free(address, sizeBytes);
                throw;
            }
            Volatile.Write(ref _address, address);
            return address;
        }
    }

    void Fill(nint address, FileRows file)
    {
        using var chunk = MemoryPool<byte>.Shared.Rent(ChunkBytes);
        for (long done = 0; done < sizeBytes; done += ChunkBytes)
        {
            var bytes = chunk.Memory.Span[..(int)Math.Min(ChunkBytes, sizeBytes - done)];
            file.Read(done, bytes);
            device.CopyIn(bytes, address + (nint)done);
        }
    }

    public void Dispose()
    {
        // The file stays open until here: another thread may be reading rows of it.
        _file?.Dispose();
        if (_address != 0) device.Free(_address, sizeBytes);
    }
}
