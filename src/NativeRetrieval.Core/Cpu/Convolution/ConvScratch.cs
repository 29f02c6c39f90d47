using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>Three working buffers of each thread, kept for its next convolution. What they hold is whatever an earlier use left.</summary>
internal static unsafe class ConvScratch
{
    [ThreadStatic] static AlignedBuffer? t_first;
    [ThreadStatic] static AlignedBuffer? t_second;
    [ThreadStatic] static AlignedBuffer? t_third;

    public static float* First(nint floats) => (t_first ??= new AlignedBuffer()).Reserve((nuint)floats);

    public static float* Second(nint floats) => (t_second ??= new AlignedBuffer()).Reserve((nuint)floats);

    public static float* Third(nint floats) => (t_third ??= new AlignedBuffer()).Reserve((nuint)floats);
}
