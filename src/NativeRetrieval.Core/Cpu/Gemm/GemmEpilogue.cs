using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>The work on C beside the product: C = activation(A·B + bias).</summary>
internal readonly unsafe struct GemmEpilogue
{
    /// <summary>One value per column of C, or null.</summary>
    public float* Bias { get; init; }

    public Activation Activation { get; init; }

    public bool IsEmpty => Bias == null && Activation == Activation.None;

    /// <summary>Writes a tile whose sums lie in the first-level cache, so that C, which may be far away, is only written.</summary>
    /// <param name="sums">Rows of <paramref name="sumStride"/> floats.</param>
    /// <param name="accumulate">True adds C's own values, the sums over the blocks of k before.</param>
    public void Write(float* sums, nint sumStride, float* c, nint cStride, int rows, int columns, int firstColumn, bool accumulate)
    {
        float* bias = Bias == null ? null : Bias + firstColumn;
        for (int row = 0; row < rows; row++, sums += sumStride, c += cStride) WriteRow(sums, c, columns, bias, accumulate);
    }

    void WriteRow(float* sums, float* c, int columns, float* bias, bool accumulate)
    {
        int column = Vector512.IsHardwareAccelerated ? WriteVectors<Floats512>(sums, c, 0, columns, bias, accumulate) : 0;
        column = WriteVectors<NativeFloats>(sums, c, column, columns, bias, accumulate);
        for (; column < columns; column++)
        {
            float sum = sums[column];
            if (accumulate) sum += c[column];
            if (bias != null) sum += bias[column];
            c[column] = Activate(NativeFloats.All(sum)).Value[0];
        }
    }

    /// <returns>The first column that is not done.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int WriteVectors<T>(float* sums, float* c, int column, int columns, float* bias, bool accumulate) where T : unmanaged, ISimdFloats<T>
    {
        for (; column <= columns - T.Count; column += T.Count)
        {
            var sum = T.Load(sums + column);
            if (accumulate) sum += T.Load(c + column);
            if (bias != null) sum += T.Load(bias + column);
            Activate(sum).Store(c + column);
        }
        return column;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    T Activate<T>(T value) where T : unmanaged, ISimdFloats<T> => Activation switch
    {
        Activation.Relu => T.Max(value, T.All(0)),
        Activation.Gelu => VectorMath.Gelu(value),
        _ => value,
    };
}
