using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Cuts elementwise work into slices that fit a core's cache, by size alone.</summary>
internal static class Slices
{
    /// <summary>Elements of one slice: three operands of it stay in a 512 KiB second-level cache.</summary>
    public const int Length = 32 * 1024;

    public delegate void Body<in TState>(TState state, long start, int length);

    public static int CountOf(long elements) => checked((int)((elements + Length - 1) / Length));

    /// <summary>Runs <paramref name="body"/>, best a static lambda, over all slices of <paramref name="elements"/>, on all cores.</summary>
    public static void Run<TState>(long elements, TState state, Body<TState> body) =>
        Workers.Run(CountOf(elements), (elements, state, body), static (s, slice) =>
        {
            long start = (long)slice * Length;
            s.body(s.state, start, (int)Math.Min(Length, s.elements - start));
        });
}
