using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>Average pooling of blocked float32 maps, 16 channels at a time.</summary>
internal static unsafe class Pool2dBlocked
{
    const int Lanes = CpuBackend.ChannelBlock;
    const int Half = Lanes / 2;

    public static void Average(Tensor x, int height, int width, FrameMap map, Tensor y)
    {
        Workers.Run(Planes(x), (x, height, width, map, y), static (s, plane) =>
        {
            var (x, height, width, map, y) = s;
            float* source = x.Pointer<float>(), target = y.Pointer<float>();
            int rows = y.Shape[2], columns = y.Shape[3], sourceRows = x.Shape[2], sourceColumns = x.Shape[3];
            var factor = Vector256.Create(1f / (height * width));
            float* to = target + (nint)plane * rows * columns * Lanes;
            int real = map.Frames(plane / map.Blocks) / height;
            for (int r = 0; r < real; r++)
                for (int c = 0; c < columns; c++, to += Lanes)
                {
                    Vector256<float> low = default, high = default;
                    for (int i = 0; i < height; i++)
                    {
                        float* from = source + (((nint)plane * sourceRows + r * height + i) * sourceColumns + c * width) * Lanes;
                        for (int j = 0; j < width; j++, from += Lanes)
                        {
                            low += Vector256.Load(from);
                            high += Vector256.Load(from + Half);
                        }
                    }
                    (low * factor).Store(to);
                    (high * factor).Store(to + Half);
                }
            new Span<float>(to, (rows - real) * columns * Lanes).Clear();
        });
    }

    public static void AverageBackward(Tensor dy, int height, int width, FrameMap map, Tensor dx)
    {
        Workers.Run(Planes(dx), (dy, height, width, map, dx), static (s, plane) =>
        {
            var (dy, height, width, map, dx) = s;
            float* source = dy.Pointer<float>(), target = dx.Pointer<float>();
            int rows = dy.Shape[2], columns = dy.Shape[3], targetRows = dx.Shape[2], targetColumns = dx.Shape[3];
            var factor = Vector256.Create(1f / (height * width));
            int real = map.Frames(plane / map.Blocks) / height;
            for (int r = 0; r < targetRows; r++)
            {
                float* to = target + ((nint)plane * targetRows + r) * targetColumns * Lanes;
                float* from = source + ((nint)plane * rows + r / height) * columns * Lanes;
                int covered = r / height < real ? columns * width : 0;
                for (int c = 0; c < covered; c++)
                {
                    (Vector256.Load(from + c / width * Lanes) * factor).Store(to + c * Lanes);
                    (Vector256.Load(from + c / width * Lanes + Half) * factor).Store(to + c * Lanes + Half);
                }
                new Span<float>(to + covered * Lanes, (targetColumns - covered) * Lanes).Clear();
            }
        });
    }

    static int Planes(Tensor x) => x.Shape[0] * ((x.Shape[1] + Lanes - 1) / Lanes);
}
