using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// A matrix B[K, N] in the order in which the kernel reads it, packed once and used for many products: [block of K]
/// [panel of columns][k][column]. It does not follow later changes of the matrix it was made from.
/// </summary>
internal sealed unsafe class PackedWeights : IDisposable
{
    readonly AlignedBuffer _memory = new();
    readonly float* _data;

    /// <param name="k">Rows of B.</param>
    /// <param name="n">Columns of B.</param>
    /// <param name="b">For a linear layer's weight [out, in]: its transpose.</param>
    /// <param name="kernel">The kernel that will read it; the machine's best if null.</param>
    public PackedWeights(int k, int n, MatrixView<float> b, GemmKernel<float>? kernel = null)
    {
        (K, N, Kernel) = (k, n, kernel ?? GemmKernel<float>.Best);
        int panels = GemmBlocking.Panels(n, Kernel), blockK = GemmBlocking.BlockK(k);
        float* data = _data = _memory.Reserve<float>((nuint)k * (nuint)(panels * Kernel.Columns));
        var self = this;
        Workers.Run(panels, panel =>
        {
            int column = panel * self.Kernel.Columns;
            int lanes = Math.Min(self.Kernel.Columns, n - column);
            for (int first = 0; first < k; first += blockK)
            {
                int length = Math.Min(blockK, k - first);
                GemmPacking.Pack(b.At(first, column), b.ColumnStride, b.RowStride, lanes, self.Kernel.Columns, length,
                    self.Panel(first, length, panel));
            }
        });
        GC.KeepAlive(this);
    }

    public int K { get; }

    public int N { get; }

    public GemmKernel<float> Kernel { get; }

    /// <summary>The panel's part of the block of K that begins at <paramref name="firstK"/>.</summary>
    public float* Panel(int firstK, int blockK, int panel) => _data + GemmBlocking.PanelStart(N, Kernel, firstK, blockK, panel);

    public void Dispose() => _memory.Dispose();
}
