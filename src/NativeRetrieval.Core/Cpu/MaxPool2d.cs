using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void MaxPool2d(Tensor x, int height, int width, Tensor y)
    {
        if (x.DType == DType.Float32) new Pool2dWindows<float>(x, y, height, width).Maximum(x, y);
        else new Pool2dWindows<double>(x, y, height, width).Maximum(x, y);
    }

    public void MaxPool2dBackward(Tensor dy, Tensor x, int height, int width, Tensor dx)
    {
        if (x.DType == DType.Float32) new Pool2dWindows<float>(x, dy, height, width).MaximumBackward(dy, x, dx);
        else new Pool2dWindows<double>(x, dy, height, width).MaximumBackward(dy, x, dx);
    }
}
