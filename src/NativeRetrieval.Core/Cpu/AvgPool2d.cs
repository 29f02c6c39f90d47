using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void AvgPool2d(Tensor x, int height, int width, Tensor? lengths, Tensor y)
    {
        var map = new FrameMap(x, lengths);
        if (x.Layout == Layout.NCHW16c && x.DType == DType.Float32) Pool2dBlocked.Average(x, height, width, map, y);
        else if (x.DType == DType.Float32) new Pool2dWindows<float>(x, y, height, width).Average(x, map, y);
        else new Pool2dWindows<double>(x, y, height, width).Average(x, map, y);
    }

    public void AvgPool2dBackward(Tensor dy, int height, int width, Tensor? lengths, Tensor dx)
    {
        var map = new FrameMap(dx, lengths);
        if (dx.Layout == Layout.NCHW16c && dx.DType == DType.Float32) Pool2dBlocked.AverageBackward(dy, height, width, map, dx);
        else if (dx.DType == DType.Float32) new Pool2dWindows<float>(dx, dy, height, width).AverageBackward(dy, map, dx);
        else new Pool2dWindows<double>(dx, dy, height, width).AverageBackward(dy, map, dx);
    }
}
