using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Losses;

/// <summary>
/// The soft-max of a matrix [B, B] along its rows and along its columns, in float64 against the maxima, by the logarithm of each sum. What
/// follows a row or a column has one owner, so that results do not depend on the number of threads.
/// </summary>
/// <param name="scores">Rows of B values.</param>
/// <param name="logSums">Room for 2·B values: log Σ eˣ of every row, then of every column.</param>
internal readonly unsafe struct PairSoftmax(double* scores, int batch, double* logSums)
{
    public double* Row(int row) => scores + (long)row * batch;

    /// <summary>log Σ eˣ of a row plus that of the column of the same number.</summary>
    public double LogSums(int item) => logSums[item] + logSums[batch + item];

    /// <summary>Sums up a row.</summary>
    public void AddUpRow(int row)
    {
        double* x = Row(row);
        double maximum = RowMath.Max(x, batch);
        var (maxima, sums) = (new Vector<double>(maximum), Vector<double>.Zero);
        int i = 0;
        for (; i <= batch - Vector<double>.Count; i += Vector<double>.Count) sums += Vector.Exp(Vector.Load(x + i) - maxima);
        double sum = Vector.Sum(sums);
        for (; i < batch; i++) sum += Math.Exp(x[i] - maximum);
        logSums[row] = maximum + Math.Log(sum);
    }

    /// <summary>Sums up columns [first, end), row by row in the order of memory.</summary>
    public void AddUpColumns(int first, int end)
    {
        int count = end - first;
        double* maxima = stackalloc double[count], sums = logSums + batch + first;
        new Span<double>(maxima, count).Fill(double.NegativeInfinity);
        new Span<double>(sums, count).Clear();
        for (int row = 0; row < batch; row++)
        {
            double* x = Row(row) + first;
            int i = 0;
            for (; i <= count - Vector<double>.Count; i += Vector<double>.Count)
                Vector.Store(Vector.Max(Vector.Load(maxima + i), Vector.Load(x + i)), maxima + i);
            for (; i < count; i++) maxima[i] = Math.Max(maxima[i], x[i]);
        }
        for (int row = 0; row < batch; row++)
        {
            double* x = Row(row) + first;
            int i = 0;
            for (; i <= count - Vector<double>.Count; i += Vector<double>.Count)
                Vector.Store(Vector.Load(sums + i) + Vector.Exp(Vector.Load(x + i) - Vector.Load(maxima + i)), sums + i);
            for (; i < count; i++) sums[i] += Math.Exp(x[i] - maxima[i]);
        }
        for (int i = 0; i < count; i++) sums[i] = maxima[i] + Math.Log(sums[i]);
    }

    /// <summary>factor · (soft-max of the row + soft-max of every column) of a row, which may take the place of its scores.</summary>
    public void Write(int row, double factor, double* target)
    {
        double* x = Row(row), columns = logSums + batch;
        var (rowSum, factors) = (new Vector<double>(logSums[row]), new Vector<double>(factor));
        int i = 0;
        for (; i <= batch - Vector<double>.Count; i += Vector<double>.Count)
        {
            var score = Vector.Load(x + i);
            Vector.Store(factors * (Vector.Exp(score - rowSum) + Vector.Exp(score - Vector.Load(columns + i))), target + i);
        }
        for (; i < batch; i++) target[i] = factor * (Math.Exp(x[i] - logSums[row]) + Math.Exp(x[i] - columns[i]));
    }
}
