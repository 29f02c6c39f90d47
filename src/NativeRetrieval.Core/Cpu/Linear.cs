using System.Numerics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Linear(Tensor x, Tensor weight, Tensor? bias, Activation activation, Tensor y)
    {
        if (x.DType == DType.Float64) Linear<double>(x, weight, bias, activation, y);
        else if (weight.Layout == Layout.OIHW16o)
        {
            int outputs = weight.Shape[0], inputs = weight.Shape[1];
            PackedGemm.Run(Rows(x), new(x.Pointer<float>(), inputs), new WeightPanels<float>(weight.Pointer<float>(), inputs, outputs),
                y.Pointer<float>(), outputs, Epilogue<float>(bias, activation));
        }
        else Linear<float>(x, weight, bias, activation, y);
    }

    static void Linear<T>(Tensor x, Tensor weight, Tensor? bias, Activation activation, Tensor y)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int inputs = weight.Shape[1], outputs = weight.Shape[0];
        PackedGemm.Run(Rows(x), outputs, inputs, new(x.Pointer<T>(), inputs), View<T>(weight, transposed: true), y.Pointer<T>(), outputs,
            Epilogue<T>(bias, activation));
    }

    static int Rows(Tensor x) => checked((int)x.Shape[..^1].Count);

    static GemmEpilogue<T> Epilogue<T>(Tensor? bias, Activation activation) where T : unmanaged, IFloatingPointIeee754<T> =>
        new() { Bias = bias is null ? null : bias.Pointer<T>(), Activation = activation };

    public void LinearParameterGradients(Tensor dy, Tensor x, Tensor? dWeight, Tensor? dBias)
    {
        if (dWeight is not null) MatMul(dy, x, transposeA: true, transposeB: false, summand: null, dWeight);
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
}
