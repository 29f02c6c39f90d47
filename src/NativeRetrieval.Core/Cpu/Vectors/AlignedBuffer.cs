using System.Runtime.InteropServices;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Native memory on a 64-byte boundary that grows on demand: working memory of one thread, or packed weights.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    const nuint AlignmentBytes = 64;

    void* _data;
    nuint _bytes;

    /// <summary>Room for <paramref name="count"/> values. What an earlier, smaller reservation held is lost.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public T* Reserve<T>(nuint count) where T : unmanaged
    {
        nuint bytes = checked(count * (nuint)sizeof(T));
        if (bytes <= _bytes) return (T*)_data;
        Free();
        _data = NativeMemory.AlignedAlloc(bytes, AlignmentBytes);
        _bytes = bytes;
        GC.AddMemoryPressure((long)bytes);
        return (T*)_data;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    ~AlignedBuffer() => Free();

    void Free()
    {
        if (_bytes == 0) return;
        NativeMemory.AlignedFree(_data);
        GC.RemoveMemoryPressure((long)_bytes);
        _data = null;
        _bytes = 0;
    }
}
