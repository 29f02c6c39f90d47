using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Cuts work on the rows of a matrix into slices that fit a core's cache, by size alone.</summary>
internal static class RowSlices
{
    /// <summary>Columns of one part of a sum over rows: four cache lines of floats.</summary>
    const int ColumnsPerPart = 64;

    /// <summary>
    /// Runs <paramref name="body"/>, best a static lambda, on ranges [first, end) that together are all <paramref name="rows"/>, on all
    /// cores.
    /// </summary>
    public static void Run<TState>(int rows, int width, TState state, Action<TState, int, int> body) =>
        RunParts(rows, Math.Max(1, Slices.Length / Math.Max(1, width)), state, body);

    /// <summary>
    /// Runs <paramref name="body"/> on ranges [first, end) of columns. A sum over rows so needs no partial sums: each column has one owner,
    /// who adds in the order of the rows.
    /// </summary>
    public static void RunColumns<TState>(int width, TState state, Action<TState, int, int> body) =>
        RunParts(width, ColumnsPerPart, state, body);

    static void RunParts<TState>(int count, int perPart, TState state, Action<TState, int, int> body) =>
        Workers.Run((count + perPart - 1) / perPart, (count, perPart, state, body), static (s, part) =>
            s.body(s.state, part * s.perPart, Math.Min(s.count, (part + 1) * s.perPart)));
}
