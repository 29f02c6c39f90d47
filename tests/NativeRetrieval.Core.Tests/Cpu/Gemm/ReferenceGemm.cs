using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Tests.Cpu.Gemm;

/// <summary>The matrix product as its definition reads, for any floating-point type.</summary>
internal static unsafe class ReferenceGemm
{
    /// <summary>Multiply-adds of a part, so that small products stay on one thread.</summary>
    const long PartWork = 1 << 16;

    /// <summary>C[m, n] = A[m, k]·B[k, n]; row-major C.</summary>
    public static void Run<T>(int m, int n, int k, MatrixView<T> a, MatrixView<T> b, T* c, nint cStride)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int rowsPerPart = (int)Math.Clamp(PartWork / Math.Max(1, (long)n * k), 1, Math.Max(1, m));
        Workers.Run((m + rowsPerPart - 1) / rowsPerPart, part =>
        {
            int end = Math.Min(m, (part + 1) * rowsPerPart);
            for (int i = part * rowsPerPart; i < end; i++)
            {
                var row = new Span<T>(c + i * cStride, n);
                row.Clear();
                for (int p = 0; p < k; p++)
                {
                    T factor = *a.At(i, p);
                    for (int j = 0; j < n; j++) row[j] += factor * *b.At(p, j);
                }
            }
        });
    }
}
