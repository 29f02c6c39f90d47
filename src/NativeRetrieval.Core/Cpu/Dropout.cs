using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    /// <summary>Random numbers drawn at a time.</summary>
    const int DropoutChunk = 256;

    public void Dropout(Tensor x, double probability, Philox stream, Tensor y)
    {
        if (x.DType == DType.Float32) Run<float>(x, probability, stream, y);
        else Run<double>(x, probability, stream, y);

        static void Run<T>(Tensor x, double probability, Philox stream, Tensor y) where T : unmanaged, INumber<T>
        {
            // The comparison is made on 24-bit integers: exact, and the same on every device.
            uint threshold = (uint)Math.Round(probability * (1 << 24));
            T scale = T.CreateTruncating(1 / (1 - probability));
            if (x.Shape.Length != 4) DropoutRowMajor(x, threshold, scale, stream, y);
            else if (x.Layout == Layout.NCHW16c) DropoutBlocked(x, threshold, scale, stream, y);
            else DropoutChannelsFirst(x, threshold, scale, stream, y);
        }
    }

    static unsafe void DropoutRowMajor<T>(Tensor x, uint threshold, T scale, Philox stream, Tensor y) where T : unmanaged, INumber<T>
    {
        Slices.Run(x.Count, (x, threshold, scale, stream, y), static (s, start, length) =>
        {
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            Span<uint> numbers = stackalloc uint[DropoutChunk];
            for (int i = 0; i < length; i += DropoutChunk)
            {
                int count = Math.Min(DropoutChunk, length - i);
                s.stream.Fill(numbers[..count], (ulong)(start + i));
                Keep(source + start + i, numbers[..count], s.threshold, s.scale, target + start + i);
            }
        });
    }

    static unsafe void DropoutBlocked<T>(Tensor x, uint threshold, T scale, Philox stream, Tensor y) where T : unmanaged, INumber<T>
    {
        T* source = x.Pointer<T>(), target = y.Pointer<T>();
        int channels = x.Shape[1], blocks = (channels + ChannelBlock - 1) / ChannelBlock;
        int height = x.Shape[2], width = x.Shape[3];
        Workers.Run(x.Shape[0] * blocks, part =>
        {
            Span<uint> numbers = stackalloc uint[ChannelBlock];
            int n = part / blocks, first = part % blocks * ChannelBlock, used = Math.Min(ChannelBlock, channels - first);
            numbers[used..].Clear(); // padded channels hold 0 and stay 0 either way
            long offset = (long)part * height * width * ChannelBlock;
            for (long pixel = 0; pixel < (long)height * width; pixel++, offset += ChannelBlock)
            {
                stream.Fill(numbers[..used], (ulong)(((long)n * height * width + pixel) * channels + first));
                Keep(source + offset, numbers, threshold, scale, target + offset);
            }
        });
    }

    static unsafe void DropoutChannelsFirst<T>(Tensor x, uint threshold, T scale, Philox stream, Tensor y) where T : unmanaged, INumber<T>
    {
        T* source = x.Pointer<T>(), target = y.Pointer<T>();
        int channels = x.Shape[1];
        long plane = (long)x.Shape[2] * x.Shape[3];
        Workers.Run(x.Shape[0] * channels, part =>
        {
            long n = part / channels, c = part % channels;
            for (long pixel = 0; pixel < plane; pixel++)
            {
                uint number = stream.UInt32((ulong)((n * plane + pixel) * channels + c));
                long i = part * plane + pixel;
                target[i] = number >> 8 < threshold ? T.Zero : source[i] * scale;
            }
        });
    }

    static unsafe void Keep<T>(T* x, ReadOnlySpan<uint> numbers, uint threshold, T scale, T* y) where T : unmanaged, INumber<T>
    {
        int i = 0;
        if (typeof(T) == typeof(float))
        {
            fixed (uint* number = numbers)
            {
                var factor = new Vector<float>((float)(object)scale);
                for (; i <= numbers.Length - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var dropped = Vector.LessThan(Vector.Load(number + i) >>> 8, new Vector<uint>(threshold));
                    Vector.ConditionalSelect(dropped.As<uint, float>(), Vector<float>.Zero, Vector.Load((float*)x + i) * factor)
                        .Store((float*)y + i);
                }
            }
        }
        for (; i < numbers.Length; i++) y[i] = numbers[i] >> 8 < threshold ? T.Zero : x[i] * scale;
    }
}
