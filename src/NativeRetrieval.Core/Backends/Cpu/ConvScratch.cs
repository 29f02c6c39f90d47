using System.Runtime.InteropServices;

namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>A native buffer of one thread, 64-byte aligned, that grows and is kept for the thread's next convolution.</summary>
internal sealed unsafe class ConvScratch
{
    [ThreadStatic] static ConvScratch? t_first;
    [ThreadStatic] static ConvScratch? t_second;
    float* _memory;
    nint _floats;

    ~ConvScratch() => NativeMemory.AlignedFree(_memory);

    /// <summary>At least <paramref name="floats"/> floats with whatever an earlier use left in them.</summary>
    public static float* First(nint floats) => (t_first ??= new ConvScratch()).Take(floats);

    /// <summary>A second buffer of the same thread.</summary>
    public static float* Second(nint floats) => (t_second ??= new ConvScratch()).Take(floats);

    float* Take(nint floats)
    {
        if (floats > _floats)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _floats = 0;
            _memory = (float*)NativeMemory.AlignedAlloc(checked((nuint)floats * sizeof(float)), 64);
            _floats = floats;
        }
        return _memory;
    }
}
