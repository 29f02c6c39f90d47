using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Cuts work on the rows of a matrix into slices that fit a core's cache, by size alone.</summary>
internal static class RowSlices
{
    /// <summary>Columns of one part of a sum over rows: four cache lines of floats.</summary>
    const int ColumnsPerPart = 64;

    /// <summary>Runs <paramref name="body"/> on ranges [first, end) that together are all <paramref name="rows"/>, on all cores.</summary>
    public static void Run(int rows, int width, Action<int, int> body)
    {
        int perPart = Math.Max(1, Slices.Length / Math.Max(1, width));
        Workers.Run((rows + perPart - 1) / perPart, part => body(part * perPart, Math.Min(rows, (part + 1) * perPart)));
    }

    /// <summary>
    /// Runs <paramref name="body"/> on ranges [first, end) of columns. A sum over rows so needs no partial sums: each column has one owner,
    /// who adds in the order of the rows.
    /// </summary>
    public static void RunColumns(int width, Action<int, int> body) =>
        Workers.Run((width + ColumnsPerPart - 1) / ColumnsPerPart,
            part => body(part * ColumnsPerPart, Math.Min(width, (part + 1) * ColumnsPerPart)));
}
