using System.Numerics;
using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>
/// All dot products between two sets of rows. Every product is summed in the same order wherever its rows stand,
/// which a matrix product with edge tiles does not promise: equal rows give equal scores to the last bit.
/// </summary>
static class DotProducts
{
    const int RowsPerTile = 3, ColumnsPerTile = 4, RowsPerPart = 48, ColumnsPerBlock = 128;

    /// <param name="scores">[rows of a, rows of b].</param>
    public static void Compute(float[] a, float[] b, int width, float[] scores)
    {
        int rows = a.Length / width, columns = b.Length / width;
        Workers.Run((rows + RowsPerPart - 1) / RowsPerPart, part =>
        {
            int end = Math.Min((part + 1) * RowsPerPart, rows);
            for (int block = 0; block < columns; block += ColumnsPerBlock)
                for (int row = part * RowsPerPart; row < end; row += RowsPerTile)
                    for (int column = block; column < Math.Min(block + ColumnsPerBlock, columns); column += ColumnsPerTile)
                        ComputeTile(a, b, width, row, end, column, columns, scores);
        });
    }

    /// <summary>
    /// Three rows against four: twelve running sums in registers. Past the edge the last row is taken again and written once.
    /// </summary>
    static void ComputeTile(float[] a, float[] b, int width, int row, int rowEnd, int column, int columns, float[] scores)
    {
        ref float a0 = ref a[row * width], a1 = ref a[Math.Min(row + 1, rowEnd - 1) * width],
            a2 = ref a[Math.Min(row + 2, rowEnd - 1) * width];
        ref float b0 = ref b[column * width], b1 = ref b[Math.Min(column + 1, columns - 1) * width];
        ref float b2 = ref b[Math.Min(column + 2, columns - 1) * width], b3 = ref b[Math.Min(column + 3, columns - 1) * width];
        Vector<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector<float> s20 = default, s21 = default, s22 = default, s23 = default;
        nuint k = 0, vectorEnd = (nuint)(width - width % Vector<float>.Count);
        for (; k < vectorEnd; k += (nuint)Vector<float>.Count)
        {
            var x0 = Load(ref a0, k);
            var x1 = Load(ref a1, k);
            var x2 = Load(ref a2, k);
            var y = Load(ref b0, k);
            s00 = Vector.FusedMultiplyAdd(x0, y, s00);
            s10 = Vector.FusedMultiplyAdd(x1, y, s10);
            s20 = Vector.FusedMultiplyAdd(x2, y, s20);
            y = Load(ref b1, k);
            s01 = Vector.FusedMultiplyAdd(x0, y, s01);
            s11 = Vector.FusedMultiplyAdd(x1, y, s11);
            s21 = Vector.FusedMultiplyAdd(x2, y, s21);
            y = Load(ref b2, k);
            s02 = Vector.FusedMultiplyAdd(x0, y, s02);
            s12 = Vector.FusedMultiplyAdd(x1, y, s12);
            s22 = Vector.FusedMultiplyAdd(x2, y, s22);
            y = Load(ref b3, k);
            s03 = Vector.FusedMultiplyAdd(x0, y, s03);
            s13 = Vector.FusedMultiplyAdd(x1, y, s13);
            s23 = Vector.FusedMultiplyAdd(x2, y, s23);
        }
        Span<float> sums = [Vector.Sum(s00), Vector.Sum(s01), Vector.Sum(s02), Vector.Sum(s03), Vector.Sum(s10), Vector.Sum(s11),
            Vector.Sum(s12), Vector.Sum(s13), Vector.Sum(s20), Vector.Sum(s21), Vector.Sum(s22), Vector.Sum(s23)];
        for (int i = 0; i < RowsPerTile && row + i < rowEnd; i++)
            for (int j = 0; j < ColumnsPerTile && column + j < columns; j++)
            {
                float sum = sums[i * ColumnsPerTile + j];
                for (int tail = (int)vectorEnd; tail < width; tail++)
                    sum = MathF.FusedMultiplyAdd(a[(row + i) * width + tail], b[(column + j) * width + tail], sum);
                scores[(row + i) * columns + column + j] = sum;
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<float> Load(ref float start, nuint offset) => Vector.LoadUnsafe(ref start, offset);
}
