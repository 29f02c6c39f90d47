using NativeRetrieval.Core.Cpu.Convolution;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Tests.Cpu.Gemm;

/// <summary>A matrix B[K, N] in panels, in memory of its own.</summary>
internal sealed unsafe class ArrangedWeights : IDisposable
{
    readonly AlignedBuffer _memory = new();

    /// <param name="b">[K, N], row-major.</param>
    public ArrangedWeights(int k, int n, float[] b)
    {
        float[] transposed = new float[n * k];
        for (int row = 0; row < k; row++)
            for (int column = 0; column < n; column++) transposed[column * k + row] = b[row * n + column];
        float* panels = _memory.Reserve<float>((nuint)((n + 15) / 16 * 16 * Math.Max(k, 1)));
        fixed (float* plain = transposed) KernelBlocks.Arrange<float>([n, k], plain, panels);
        Panels = new(panels, k, n);
    }

    public WeightPanels<float> Panels { get; }

    public void Dispose() => _memory.Dispose();
}
