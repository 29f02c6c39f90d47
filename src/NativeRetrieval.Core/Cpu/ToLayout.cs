using NativeRetrieval.Core.Cpu.Convolution;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    /// <summary>Channels in one block of <see cref="Layout.NCHW16c"/>.</summary>
    internal const int ChannelBlock = 16;

    public void ToLayout(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) ToLayout<float>(x, y);
        else ToLayout<double>(x, y);
    }

    static unsafe void ToLayout<T>(Tensor x, Tensor y) where T : unmanaged
    {
        if (y.Layout == Layout.OIHW16o) KernelBlocks.Arrange(x.Shape, x.Pointer<T>(), y.Pointer<T>());
        else if (x.Layout == Layout.OIHW16o) KernelBlocks.ToRowMajor(x.Shape, x.Pointer<T>(), y.Pointer<T>());
        else MapsToLayout<T>(x, y);
    }

    static unsafe void MapsToLayout<T>(Tensor x, Tensor y) where T : unmanaged
    {
        int blocks = (x.Shape[1] + ChannelBlock - 1) / ChannelBlock;
        Workers.Run(x.Shape[0] * blocks, (x, y, blocks), static (s, part) =>
        {
            bool block = s.y.Layout == Layout.NCHW16c;
            T* plain = (block ? s.x : s.y).Pointer<T>(), blocked = (block ? s.y : s.x).Pointer<T>();
            int channels = s.x.Shape[1], blocks = s.blocks;
            long plane = (long)s.x.Shape[2] * s.x.Shape[3];
            int first = part % blocks * ChannelBlock, used = Math.Min(ChannelBlock, channels - first);
            T* p = plain + ((long)(part / blocks) * channels + first) * plane;
            T* b = blocked + part * plane * ChannelBlock;
            for (long pixel = 0; pixel < plane; pixel++, b += ChannelBlock)
            {
                if (block)
                {
                    for (int c = 0; c < used; c++) b[c] = p[c * plane + pixel];
                    for (int c = used; c < ChannelBlock; c++) b[c] = default;
                }
                else
                {
                    for (int c = 0; c < used; c++) p[c * plane + pixel] = b[c];
                }
            }
        });
    }
}
