using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public unsafe void MaskFrames(Tensor x, Tensor lengths, Tensor y)
    {
        var map = new FrameMap(x, lengths);
        int planes = x.Layout == Layout.NCHW16c ? map.Blocks : map.Channels;
        Workers.Run(map.Clips * planes, (map, planes, x, y), static (s, part) =>
        {
            var (map, planes, x, y) = s;
            int frameBytes = map.Width * x.DType.SizeBytes() * (x.Layout == Layout.NCHW16c ? ChannelBlock : 1);
            byte* source = (byte*)x.Address, target = (byte*)y.Address;
            nint start = (nint)part * map.Height * frameBytes;
            int real = map.Frames(part / planes) * frameBytes;
            if (source != target) new ReadOnlySpan<byte>(source + start, real).CopyTo(new Span<byte>(target + start, real));
            new Span<byte>(target + start + real, map.Height * frameBytes - real).Clear();
        });
    }
}
