using System.Numerics;
using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void ClipPooling(Tensor x, Tensor? lengths, Tensor y, Tensor peaks)
    {
        if (x.DType == DType.Float32) ClipPooling<float>(x, lengths, y, peaks);
        else ClipPooling<double>(x, lengths, y, peaks);
    }

    static unsafe void ClipPooling<T>(Tensor x, Tensor? lengths, Tensor y, Tensor peaks) where T : unmanaged, INumber<T>
    {
        var map = new FrameMap(x, lengths);
        Workers.Run(map.Clips * map.Channels, (map, x, y, peaks), static (s, part) =>
        {
            var map = s.map;
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            int* peak = s.peaks.Pointer<int>();
            int frames = map.Frames(part / map.Channels), best = 0;
            T* row = source + (nint)part * map.Height * map.Width;
            T maximum = T.Zero, sum = T.Zero;
            for (int frame = 0; frame < frames; frame++, row += map.Width)
            {
                T mean = T.Zero;
                for (int bin = 0; bin < map.Width; bin++) mean += row[bin];
                mean /= T.CreateTruncating(map.Width);
                sum += mean;
                if (frame == 0 || mean > maximum) (maximum, best) = (mean, frame);
            }
            target[part] = frames == 0 ? T.Zero : maximum + sum / T.CreateTruncating(frames);
            peak[part] = best;
        });
    }

    public void ClipPoolingBackward(Tensor dy, Tensor peaks, Tensor? lengths, Tensor dx)
    {
        if (dx.DType == DType.Float32) Run<float>();
        else Run<double>();

        unsafe void Run<T>() where T : unmanaged, INumber<T>
        {
            var map = new FrameMap(dx, lengths);
            T* source = dy.Pointer<T>(), target = dx.Pointer<T>();
            int* peak = peaks.Pointer<int>();
            Workers.Run(map.Clips * map.Channels, part =>
            {
                int frames = map.Frames(part / map.Channels);
                T* row = target + (nint)part * map.Height * map.Width;
                T perBin = source[part] / T.CreateTruncating(Math.Max(1, map.Width));
                for (int frame = 0; frame < map.Height; frame++, row += map.Width)
                {
                    T share = frame >= frames ? T.Zero : perBin / T.CreateTruncating(frames) + (frame == peak[part] ? perBin : T.Zero);
                    new Span<T>(row, map.Width).Fill(share);
                }
            });
        }
    }
}
