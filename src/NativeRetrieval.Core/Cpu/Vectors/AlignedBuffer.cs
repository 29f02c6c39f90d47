using System.Runtime.InteropServices;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Native floats on a 64-byte boundary that grow on demand: working memory of one thread, or packed weights.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    const nuint AlignmentBytes = 64;

    float* _data;
    nuint _capacity;

    /// <summary>Room for <paramref name="count"/> floats. What an earlier, smaller reservation held is lost.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public float* Reserve(nuint count)
    {
        if (count <= _capacity) return _data;
        Free();
        nuint bytes = checked(count * sizeof(float));
        _data = (float*)NativeMemory.AlignedAlloc(bytes, AlignmentBytes);
        _capacity = count;
        GC.AddMemoryPressure((long)bytes);
        return _data;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    ~AlignedBuffer() => Free();

    void Free()
    {
        if (_capacity == 0) return;
        NativeMemory.AlignedFree(_data);
        GC.RemoveMemoryPressure((long)_capacity * sizeof(float));
        _data = null;
        _capacity = 0;
    }
}
