using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public (Tensor Integers, Tensor Scales, Tensor Sums) Int8LinearWeight(Tensor weight) => throw CpuAlone(weight);

    public void Int8Linear(Tensor x, Int8Weight weight, Tensor? bias, Activation activation, Tensor y) => throw CpuAlone(x);

    static OptionException CpuAlone(Tensor x) =>
        new($"8-bit products are computed on the CPU alone, and this is {x.Device}; take the CPU, or float32");
}
