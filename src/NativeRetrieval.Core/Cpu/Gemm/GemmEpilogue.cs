using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>The work on C beside the product: C = activation(A·B + bias). Floats are done in vectors, doubles one by one.</summary>
internal readonly unsafe struct GemmEpilogue<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>One value per column of C, or null.</summary>
    public T* Bias { get; init; }

    public Activation Activation { get; init; }

    public bool IsEmpty => Bias == null && Activation == Activation.None;

    /// <summary>Writes a tile whose sums lie in the first-level cache, so that C, which may be far away, is only written.</summary>
    /// <param name="sums">Rows of <paramref name="sumStride"/> values.</param>
    /// <param name="accumulate">True adds C's own values, the sums over the blocks of k before.</param>
    public void Write(T* sums, nint sumStride, T* c, nint cStride, int rows, int columns, int firstColumn, bool accumulate)
    {
        T* bias = Bias == null ? null : Bias + firstColumn;
        for (int row = 0; row < rows; row++, sums += sumStride, c += cStride) WriteRow(sums, c, columns, bias, accumulate);
    }

    void WriteRow(T* sums, T* c, int columns, T* bias, bool accumulate)
    {
        int column = 0;
        if (typeof(T) == typeof(float))
        {
            if (Vector512.IsHardwareAccelerated)
                column = WriteVectors<Floats512>((float*)sums, (float*)c, column, columns, (float*)bias, accumulate);
            column = WriteVectors<NativeFloats>((float*)sums, (float*)c, column, columns, (float*)bias, accumulate);
        }
        for (; column < columns; column++)
        {
            T sum = sums[column];
            if (accumulate) sum += c[column];
            if (bias != null) sum += bias[column];
            c[column] = Activate(sum);
        }
    }

    /// <returns>The first column that is not done.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int WriteVectors<TFloats>(float* sums, float* c, int column, int columns, float* bias, bool accumulate)
        where TFloats : unmanaged, ISimdFloats<TFloats>
    {
        for (; column <= columns - TFloats.Count; column += TFloats.Count)
        {
            var sum = TFloats.Load(sums + column);
            if (accumulate) sum += TFloats.Load(c + column);
            if (bias != null) sum += TFloats.Load(bias + column);
            ActivateFloats(sum).Store(c + column);
        }
        return column;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    T Activate(T value)
    {
        if (typeof(T) == typeof(float))
            return Unsafe.BitCast<float, T>(ActivateFloats(NativeFloats.All(Unsafe.BitCast<T, float>(value))).Value[0]);
        return Activation switch
        {
            Activation.Relu => T.Max(value, T.Zero),
            Activation.Gelu => value * T.CreateChecked(SpecialFunctions.NormalDistribution(double.CreateChecked(value))),
            _ => value,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    TFloats ActivateFloats<TFloats>(TFloats value) where TFloats : unmanaged, ISimdFloats<TFloats> => Activation switch
    {
        Activation.Relu => TFloats.Max(value, TFloats.All(0)),
        Activation.Gelu => VectorMath.Gelu(value),
        _ => value,
    };
}
