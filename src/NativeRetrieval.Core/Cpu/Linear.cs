using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// Rows from which a packed copy of the weight is kept. Below, it would save 1 to 4 % of a product's time and double the memory of a
    /// model of text.
    /// </summary>
    const int LeastRowsToPack = 448;

    readonly PackedWeightsCache _packedWeights = new();

    public void Linear(Tensor x, Tensor weight, Tensor? bias, Activation activation, bool reuseWeight, Tensor y)
    {
        int rows = checked((int)x.Shape[..^1].Count), inputs = weight.Shape[1], outputs = weight.Shape[0];
        if (x.DType == DType.Float64)
        {
            LinearReference(rows, x, weight, bias, activation, y);
            return;
        }
        var epilogue = new GemmEpilogue { Bias = bias is null ? null : bias.Pointer<float>(), Activation = activation };
        var source = new MatrixView<float>(x.Pointer<float>(), inputs);
        // The copies left by an evaluation between two epochs would be a second model in memory: training lets them go.
        if (!reuseWeight) _packedWeights.Forget(weight);
        if (reuseWeight && rows >= LeastRowsToPack && _packedWeights.Find(weight) is { } packed)
            Sgemm.Run(rows, source, packed, y.Pointer<float>(), outputs, epilogue);
        else
            Sgemm.Run(rows, outputs, inputs, source, View<float>(weight, transposed: true), y.Pointer<float>(), outputs, epilogue);
    }

    public void LinearParameterGradients(Tensor dy, Tensor x, Tensor? dWeight, Tensor? dBias)
    {
        if (dWeight is not null) MatMul(dy, x, transposeA: true, transposeB: false, dWeight);
        if (dBias is not null) SumOfRows(dy, dBias);
    }

    static void SumOfRows(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) SumOfRows<float>(x, y);
        else SumOfRows<double>(x, y);
    }

    static void SumOfRows<T>(Tensor x, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.RunColumns(x.Shape[1], (x, y), static (s, first, end) =>
        {
            int rows = s.x.Shape[0], width = s.x.Shape[1];
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            new Span<T>(target + first, end - first).Clear();
            for (int row = 0; row < rows; row++) RowMath.Add(source + (long)row * width + first, target + first, end - first);
        });
    }

    static void LinearReference(int rows, Tensor x, Tensor weight, Tensor? bias, Activation activation, Tensor y)
    {
        int inputs = weight.Shape[1], outputs = weight.Shape[0];
        double* target = y.Pointer<double>(), offsets = bias is null ? null : bias.Pointer<double>();
        ReferenceGemm.Run(rows, outputs, inputs, new MatrixView<double>(x.Pointer<double>(), inputs),
            View<double>(weight, transposed: true), target, outputs);
        for (long i = 0; i < y.Count; i++)
        {
            double value = offsets is null ? target[i] : target[i] + offsets[i % outputs];
            target[i] = activation switch
            {
                Activation.Relu => Math.Max(value, 0),
                Activation.Gelu => value * SpecialFunctions.NormalDistribution(value),
                _ => value,
            };
        }
    }
}
