using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>
/// Batch normalisation of blocked feature maps: one pass over memory for the statistics, one to apply; two for the gradient.
/// A part is one 16-channel block of one clip; its row sums are float32, everything above a row is float64 in a fixed order.
/// </summary>
internal static unsafe class BatchNormBlocked
{
    const int Lanes = CpuBackend.ChannelBlock;
    const int Half = Lanes / 2;

    public static Moments[] Statistics(Span<float> x, FrameMap map)
    {
        var partial = new Moments[map.Clips * map.Blocks * Lanes];
        fixed (float* data = x)
        {
            float* start = data;
            Workers.Run(map.Clips * map.Blocks, part =>
            {
                float* row = start + (nint)part * map.BlockFloats;
                var moments = partial.AsSpan(part * Lanes, Lanes);
                float* buffer = stackalloc float[2 * Lanes];
                for (int frame = 0; frame < map.Frames(part / map.Blocks); frame++, row += map.Width * Lanes)
                {
                    RowMoments(row, map.Width, buffer);
                    for (int lane = 0; lane < Lanes; lane++)
                        moments[lane] = moments[lane].Merge(new(map.Width, buffer[lane], buffer[Lanes + lane]));
                }
            });
        }
        var all = new Moments[map.Channels];
        for (int c = 0; c < map.Channels; c++)
            for (int clip = 0; clip < map.Clips; clip++)
                all[c] = all[c].Merge(partial[clip * map.Blocks * Lanes + c]);
        return all;
    }

    public static void Apply(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map, bool relu, Tensor y)
    {
        var (scale, shift) = Affine(weight, bias, mean, inverseDeviation, map);
        float* source = x.Pointer<float>(), target = y.Pointer<float>();
        Workers.Run(map.Clips * map.Blocks, part =>
        {
            int channel = part % map.Blocks * Lanes, real = map.Frames(part / map.Blocks) * map.Width * Lanes;
            float* from = source + (nint)part * map.BlockFloats, to = target + (nint)part * map.BlockFloats;
            var (s0, s1) = (Vector256.Create(scale, channel), Vector256.Create(scale, channel + Half));
            var (t0, t1) = (Vector256.Create(shift, channel), Vector256.Create(shift, channel + Half));
            var floor = relu ? V.Zero : Vector256.Create(float.NegativeInfinity);
            for (int i = 0; i < real; i += Lanes)
            {
                Vector256.Max(Vector256.FusedMultiplyAdd(Vector256.Load(from + i), s0, t0), floor).Store(to + i);
                Vector256.Max(Vector256.FusedMultiplyAdd(Vector256.Load(from + i + Half), s1, t1), floor).Store(to + i + Half);
            }
            new Span<float>(to + real, map.BlockFloats - real).Clear();
        });
    }

    public static void Backward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var (scale, shift) = Affine(weight, bias, mean, inverseDeviation, map);
        var (mu, inverse) = (Padded(mean, map), Padded(inverseDeviation, map));
        float* gradient = dy.Pointer<float>(), source = x.Pointer<float>(), target = dx.Pointer<float>();
        var partial = new double[map.Clips * map.Blocks * 2 * Lanes];
        Workers.Run(map.Clips * map.Blocks, part =>
        {
            int channel = part % map.Blocks * Lanes;
            float* g = gradient + (nint)part * map.BlockFloats, v = source + (nint)part * map.BlockFloats;
            var sums = partial.AsSpan(part * 2 * Lanes, 2 * Lanes);
            float* row = stackalloc float[2 * Lanes];
            for (int frame = 0; frame < map.Frames(part / map.Blocks); frame++)
            {
                for (int half = 0; half < Lanes; half += Half)
                    RowGradient(g + half, v + half, map.Width, Vector256.Create(scale, channel + half), Vector256.Create(shift, channel + half),
                        Vector256.Create(mu, channel + half), options.Relu, row + half);
                for (int lane = 0; lane < 2 * Lanes; lane++) sums[lane] += row[lane];
                g += map.Width * Lanes;
                v += map.Width * Lanes;
            }
        });

        // dx = scale · (dz − Σdz/M − (x − μ) · Σdz(x − μ) · inverse² / M) = scale · dz + slope · x + offset
        var (slope, offset) = (new float[map.Blocks * Lanes], new float[map.Blocks * Lanes]);
        var dGamma = dWeight.Span<float>();
        var dBeta = dBias.Span<float>();
        double pixels = options.Training && map.RealPixels > 0 ? map.RealPixels : double.PositiveInfinity;
        for (int c = 0; c < map.Channels; c++)
        {
            double sum = 0, along = 0;
            for (int clip = 0; clip < map.Clips; clip++)
            {
                int at = (clip * map.Blocks + c / Lanes) * 2 * Lanes + c % Lanes;
                sum += partial[at];
                along += partial[at + Lanes];
            }
            dBeta[c] = (float)sum;
            dGamma[c] = (float)(along * inverse[c]);
            double perPixel = along * inverse[c] * inverse[c] / pixels;
            slope[c] = (float)(-scale[c] * perPixel);
            offset[c] = (float)(-scale[c] * (sum / pixels - mu[c] * perPixel));
        }
        Workers.Run(map.Clips * map.Blocks, part =>
        {
            int channel = part % map.Blocks * Lanes, real = map.Frames(part / map.Blocks) * map.Width * Lanes;
            nint start = (nint)part * map.BlockFloats;
            for (int half = 0; half < Lanes; half += Half)
                InputGradient(gradient + start + half, source + start + half, real, Vector256.Create(scale, channel + half),
                    Vector256.Create(shift, channel + half), Vector256.Create(slope, channel + half), Vector256.Create(offset, channel + half),
                    options.Relu, target + start + half);
            new Span<float>(target + start + real, map.BlockFloats - real).Clear();
        });
    }

    /// <summary>Mean and squared deviations of one row of pixels, per lane; the row stays in the first-level cache for the second loop.</summary>
    static void RowMoments(float* row, int width, float* moments)
    {
        for (int half = 0; half < Lanes; half += Half)
        {
            V sum = V.Zero, squares = V.Zero;
            for (int w = 0; w < width; w++) sum += Vector256.Load(row + w * Lanes + half);
            var mean = sum * (1f / width);
            for (int w = 0; w < width; w++)
            {
                var distance = Vector256.Load(row + w * Lanes + half) - mean;
                squares = Vector256.FusedMultiplyAdd(distance, distance, squares);
            }
            mean.Store(moments + half);
            squares.Store(moments + Lanes + half);
        }
    }

    /// <summary>Σ dz and Σ dz·(x − μ) of one row, for eight lanes.</summary>
    static void RowGradient(float* g, float* x, int width, V scale, V shift, V mean, bool relu, float* sums)
    {
        V sum = V.Zero, along = V.Zero;
        for (int i = 0; i < width * Lanes; i += Lanes)
        {
            var value = Vector256.Load(x + i);
            var dz = Through(Vector256.Load(g + i), value, scale, shift, relu);
            sum += dz;
            along = Vector256.FusedMultiplyAdd(dz, value - mean, along);
        }
        sum.Store(sums);
        along.Store(sums + Lanes);
    }

    static void InputGradient(float* g, float* x, int count, V scale, V shift, V slope, V offset, bool relu, float* dx)
    {
        for (int i = 0; i < count; i += Lanes)
        {
            var value = Vector256.Load(x + i);
            var dz = Through(Vector256.Load(g + i), value, scale, shift, relu);
            Vector256.FusedMultiplyAdd(scale, dz, Vector256.FusedMultiplyAdd(slope, value, offset)).Store(dx + i);
        }
    }

    /// <summary>The gradient behind the rectifier: 0 where the normalised value was not above 0.</summary>
    static V Through(V g, V x, V scale, V shift, bool relu) =>
        relu ? g & Vector256.GreaterThan(Vector256.FusedMultiplyAdd(x, scale, shift), V.Zero) : g;

    /// <summary>γ·x̂ + β as scale·x + shift, 0 in padded channels.</summary>
    static (float[] Scale, float[] Shift) Affine(Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map)
    {
        var (scale, shift) = (Padded(weight, map), Padded(bias, map));
        for (int c = 0; c < map.Channels; c++)
        {
            scale[c] *= inverseDeviation.Span<float>()[c];
            shift[c] -= mean.Span<float>()[c] * scale[c];
        }
        return (scale, shift);
    }

    static float[] Padded(Tensor perChannel, FrameMap map)
    {
        var padded = new float[map.Blocks * Lanes];
        perChannel.Span<float>().CopyTo(padded);
        return padded;
    }
}
