using System.Numerics;
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
        int width = Vector<float>.Count, column = 0;
        for (; column <= columns - width; column += width)
        {
            var value = Vector.Load(c + column);
            if (bias != null) value += Vector.Load(bias + column);
            Vector.Store(Activate(value), c + column);
        }
        for (; column < columns; column++)
        {
            float value = bias != null ? c[column] + bias[column] : c[column];
            c[column] = Activate(new Vector<float>(value))[0];
        }
    }

    Vector<float> Activate(Vector<float> value) => Activation switch
    {
        Activation.Relu => Vector.Max(value, Vector<float>.Zero),
        Activation.Gelu => VectorMath.Gelu(value),
        _ => value,
    };
}
