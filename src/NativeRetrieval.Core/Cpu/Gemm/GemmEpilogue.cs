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

    /// <summary>Finishes a tile whose sums are complete, while it is still in the first-level cache.</summary>
    public void Finish(float* c, nint cStride, int rows, int columns, int firstColumn)
    {
        if (Bias == null && Activation == Activation.None) return;
        for (int row = 0; row < rows; row++) FinishRow(c + row * cStride, columns, firstColumn);
    }

    void FinishRow(float* c, int columns, int firstColumn)
    {
        float* bias = Bias == null ? null : Bias + firstColumn;
        int column = Vector512.IsHardwareAccelerated ? FinishVectors<Floats512>(c, bias, 0, columns) : 0;
        column = FinishVectors<NativeFloats>(c, bias, column, columns);
        for (; column < columns; column++)
        {
            float value = bias != null ? c[column] + bias[column] : c[column];
            c[column] = Activate(NativeFloats.All(value)).Value[0];
        }
    }

    /// <returns>The first column that is not done.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int FinishVectors<T>(float* c, float* bias, int column, int columns) where T : unmanaged, ISimdFloats<T>
    {
        for (; column <= columns - T.Count; column += T.Count)
        {
            var value = T.Load(c + column);
            if (bias != null) value += T.Load(bias + column);
            Activate(value).Store(c + column);
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
