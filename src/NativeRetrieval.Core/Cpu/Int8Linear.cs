using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Int8;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    static readonly Int8Kernel _int8Kernel = Int8Kernel.Supported[0];

    public (Tensor Integers, Tensor Scales, Tensor Sums) Int8LinearWeight(Tensor weight)
    {
        int outputs = weight.Shape[0], inputs = weight.Shape[1], columns = Int8Panels.PanelsOf(outputs, _int8Kernel) * _int8Kernel.Columns;
        Tensor integers = Tensor.Empty([Int8Panels.Bytes(outputs, inputs, _int8Kernel)], weight.Device, DType.Int8),
            scales = Tensor.Empty([columns], weight.Device), sums = Tensor.Empty([columns], weight.Device, DType.Int32);
        new Int8Panels(outputs, inputs, _int8Kernel, integers.Pointer<sbyte>(), scales.Pointer<float>(), sums.Pointer<int>())
            .Fill(weight.Pointer<float>());
        return (integers, scales, sums);
    }

    public void Int8Linear(Tensor x, Int8Weight weight, Tensor? bias, Activation activation, Tensor y)
    {
        var panels = new Int8Panels(weight.Shape[0], weight.Shape[1], _int8Kernel, weight.Integers.Pointer<sbyte>(),
            weight.Scales.Pointer<float>(), weight.Sums.Pointer<int>());
        Int8Product.Run(checked((int)x.Shape[..^1].Count), x.Pointer<float>(), panels, y.Pointer<float>(),
            new GemmEpilogue<float> { Bias = bias is null ? null : bias.Pointer<float>(), Activation = activation });
    }
}
