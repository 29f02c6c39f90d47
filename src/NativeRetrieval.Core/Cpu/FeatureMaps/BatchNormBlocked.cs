using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>
/// Batch normalisation of blocked feature maps: one pass over memory for the statistics, one to apply; two for the gradient.
/// A part is one 16-channel block of one clip; its sums of short runs of pixels are float32, everything above is float64 in a fixed order.
/// </summary>
internal static unsafe class BatchNormBlocked
{
    const int Lanes = CpuBackend.ChannelBlock;
    const int Half = Lanes / 2;
    /// <summary>Pixels that are summed in float32: 8 KiB, which stay in the first-level cache.</summary>
    const int RunPixels = 128;

    /// <returns>The moments of each channel; the caller disposes them.</returns>
    public static PooledArray<Moments> Statistics(Span<float> x, FrameMap map)
    {
        using var partial = new PooledArray<double>(map.Clips * map.Blocks * 2 * Lanes);
        fixed (float* data = x)
        fixed (double* moments = partial.Span)
        {
            float* start = data;
            double* results = moments;
            Workers.Run(map.Clips * map.Blocks, part =>
            {
                float* from = start + (nint)part * map.BlockFloats;
                double* mean = results + part * 2 * Lanes;
                float* run = stackalloc float[2 * Lanes];
                int pixels = map.Frames(part / map.Blocks) * map.Width;
                for (int pixel = 0; pixel < pixels; pixel += RunPixels)
                {
                    int count = Math.Min(RunPixels, pixels - pixel);
                    RunMoments(from + (nint)pixel * Lanes, count, run);
                    Merge(mean, pixel, run, count);
                }
            });
        }
        var all = new PooledArray<Moments>(map.Channels);
        for (int c = 0; c < map.Channels; c++)
            for (int clip = 0; clip < map.Clips; clip++)
            {
                int at = (clip * map.Blocks + c / Lanes) * 2 * Lanes + c % Lanes;
                all[c] = all[c].Merge(new((double)map.Frames(clip) * map.Width, partial[at], partial[at + Lanes]));
            }
        return all;
    }

    public static void Apply(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map, bool relu, Tensor y)
    {
        using var affine = Affine(weight, bias, mean, inverseDeviation, map);
        Workers.Run(map.Clips * map.Blocks, (x, affine, map, relu, y), static (state, part) =>
        {
            var (x, affine, map, relu, y) = state;
            float* source = x.Pointer<float>(), target = y.Pointer<float>();
            int channel = part % map.Blocks * Lanes, real = map.Frames(part / map.Blocks) * map.Width * Lanes;
            float* from = source + (nint)part * map.BlockFloats, to = target + (nint)part * map.BlockFloats;
            var (s0, s1) = (affine.Scale(channel), affine.Scale(channel + Half));
            var (t0, t1) = (affine.Shift(channel), affine.Shift(channel + Half));
            var floor = relu ? V.Zero : Vector256.Create(float.NegativeInfinity);
            for (int i = 0; i < real; i += Lanes)
            {
                Rectify(Vector256.FusedMultiplyAdd(Vector256.Load(from + i), s0, t0), floor).Store(to + i);
                Rectify(Vector256.FusedMultiplyAdd(Vector256.Load(from + i + Half), s1, t1), floor).Store(to + i + Half);
            }
            new Span<float>(to + real, map.BlockFloats - real).Clear();
        });
    }

    /// <summary><see cref="Apply"/> and the mean over windows that lie within a clip's own frames; the others are 0.</summary>
    public static void ApplyPooled(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map, bool relu,
        int window, Tensor y)
    {
        using var affine = Affine(weight, bias, mean, inverseDeviation, map);
        Workers.Run(map.Clips * map.Blocks, (x, affine, map, relu, window, y), static (state, part) =>
        {
            var (x, affine, map, relu, window, y) = state;
            float* source = x.Pointer<float>(), target = y.Pointer<float>();
            int rows = map.Height / window, columns = map.Width / window;
            var factor = Vector256.Create(1f / (window * window));
            int channel = part % map.Blocks * Lanes, real = map.Frames(part / map.Blocks) / window;
            float* to = target + (nint)part * rows * columns * Lanes;
            var (s0, s1) = (affine.Scale(channel), affine.Scale(channel + Half));
            var (t0, t1) = (affine.Shift(channel), affine.Shift(channel + Half));
            var floor = relu ? V.Zero : Vector256.Create(float.NegativeInfinity);
            for (int r = 0; r < real; r++)
                for (int c = 0; c < columns; c++, to += Lanes)
                {
                    V low = V.Zero, high = V.Zero;
                    for (int i = 0; i < window; i++)
                    {
                        float* from = source + (nint)part * map.BlockFloats + ((r * window + i) * map.Width + c * window) * Lanes;
                        for (int j = 0; j < window; j++, from += Lanes)
                        {
                            low += Rectify(Vector256.FusedMultiplyAdd(Vector256.Load(from), s0, t0), floor);
                            high += Rectify(Vector256.FusedMultiplyAdd(Vector256.Load(from + Half), s1, t1), floor);
                        }
                    }
                    (low * factor).Store(to);
                    (high * factor).Store(to + Half);
                }
            new Span<float>(to, (rows - real) * columns * Lanes).Clear();
        });
    }

    /// <param name="dy">Gradients of the means over windows of <paramref name="window"/> x <paramref name="window"/>; of y for 1.</param>
    public static void Backward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        BatchNormOptions options, int window, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        using var sums = Sums(dy, x, weight, bias, mean, inverseDeviation, map, options.Relu, window);
        sums.ToParameters(dWeight, dBias, inverseDeviation);
        InputGradient(dy, x, weight, bias, mean, inverseDeviation, map, options, window, sums, dx);
    }

    /// <summary>Σ dz and Σ dz·(x − μ) of each channel.</summary>
    /// <param name="dy">As <see cref="Backward"/> takes it.</param>
    public static GradientSums Sums(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        bool relu, int window)
    {
        using var affine = Affine(weight, bias, mean, inverseDeviation, map);
        using var mu = Padded(mean, map);
        var gradients = new SpreadGradients(dy.Pointer<float>(), map, window);
        float* source = x.Pointer<float>();
        using var partial = new PooledArray<double>(map.Clips * map.Blocks * 2 * Lanes);
        Workers.Run(map.Clips * map.Blocks, part =>
        {
            int channel = part % map.Blocks * Lanes;
            float* v = source + (nint)part * map.BlockFloats;
            var sums = partial.Span.Slice(part * 2 * Lanes, 2 * Lanes);
            float* run = stackalloc float[2 * Lanes], spread = stackalloc float[RunPixels * Lanes];
            int pixels = map.Frames(part / map.Blocks) * map.Width;
            for (int pixel = 0; pixel < pixels; pixel += RunPixels)
            {
                int count = Math.Min(RunPixels, pixels - pixel);
                float* g = gradients.Run(part, pixel, count, spread);
                RunGradient(g, v + pixel * Lanes, count * Lanes, affine, mu.Span[channel..], channel, relu, run);
                for (int lane = 0; lane < 2 * Lanes; lane++) sums[lane] += run[lane];
            }
        });
        var all = new GradientSums(map.Channels, map.RealPixels);
        for (int c = 0; c < map.Channels; c++)
            for (int clip = 0; clip < map.Clips; clip++)
            {
                int at = (clip * map.Blocks + c / Lanes) * 2 * Lanes + c % Lanes;
                all.Sum[c] += partial[at];
                all.Along[c] += partial[at + Lanes];
            }
        return all;
    }

    /// <param name="dy">As <see cref="Backward"/> takes it.</param>
    /// <param name="sums">Those of the whole batch, of which these maps may be a part.</param>
    public static void InputGradient(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        BatchNormOptions options, int window, GradientSums sums, Tensor dx)
    {
        using var affine = Affine(weight, bias, mean, inverseDeviation, map);
        Span<float> mu = mean.Span<float>(), inverse = inverseDeviation.Span<float>(), scale = affine.Scales;
        var gradients = new SpreadGradients(dy.Pointer<float>(), map, window);
        float* source = x.Pointer<float>(), target = dx.Pointer<float>();

        // dx = scale · (dz − Σdz/M − (x − μ) · Σdz(x − μ) · inverse² / M) = scale · dz + slope · x + offset
        using var through = new ChannelAffine(map.Blocks * Lanes);
        double realPixels = options.Training && sums.Pixels > 0 ? sums.Pixels : double.PositiveInfinity;
        for (int c = 0; c < map.Channels; c++)
        {
            double perPixel = sums.Along[c] * inverse[c] * inverse[c] / realPixels;
            through.Scales[c] = (float)(-scale[c] * perPixel);
            through.Shifts[c] = (float)(-scale[c] * (sums.Sum[c] / realPixels - mu[c] * perPixel));
        }
        Workers.Run(map.Clips * map.Blocks, part =>
        {
            int channel = part % map.Blocks * Lanes, pixels = map.Frames(part / map.Blocks) * map.Width;
            float* spread = stackalloc float[RunPixels * Lanes];
            nint start = (nint)part * map.BlockFloats;
            for (int pixel = 0; pixel < pixels; pixel += RunPixels)
            {
                int count = Math.Min(RunPixels, pixels - pixel);
                float* g = gradients.Run(part, pixel, count, spread);
                nint at = start + pixel * Lanes;
                for (int half = 0; half < Lanes; half += Half)
                    InputGradient(g + half, source + at + half, count * Lanes, affine.Scale(channel + half), affine.Shift(channel + half),
                        through.Scale(channel + half), through.Shift(channel + half), options.Relu, target + at + half);
            }
            new Span<float>(target + start + pixels * Lanes, map.BlockFloats - pixels * Lanes).Clear();
        });
    }

    /// <summary>
    /// Mean and squared deviations of a run of pixels, per lane; the run stays in the first-level cache for the second loop.
    /// </summary>
    static void RunMoments(float* x, int pixels, float* moments)
    {
        // Two pixels at a time: four independent sums hide the latency of an addition.
        V a0 = V.Zero, a1 = V.Zero, b0 = V.Zero, b1 = V.Zero;
        float* end = x + pixels * Lanes, pairs = x + pixels / 2 * 2 * Lanes;
        float* at = x;
        for (; at < pairs; at += 2 * Lanes)
        {
            a0 += Vector256.Load(at);
            a1 += Vector256.Load(at + Half);
            b0 += Vector256.Load(at + Lanes);
            b1 += Vector256.Load(at + Lanes + Half);
        }
        if (at < end)
        {
            a0 += Vector256.Load(at);
            a1 += Vector256.Load(at + Half);
        }
        V m0 = (a0 + b0) * (1f / pixels), m1 = (a1 + b1) * (1f / pixels);
        a0 = a1 = b0 = b1 = V.Zero;
        for (at = x; at < pairs; at += 2 * Lanes)
        {
            V d0 = Vector256.Load(at) - m0, d1 = Vector256.Load(at + Half) - m1;
            V e0 = Vector256.Load(at + Lanes) - m0, e1 = Vector256.Load(at + Lanes + Half) - m1;
            a0 = Vector256.FusedMultiplyAdd(d0, d0, a0);
            a1 = Vector256.FusedMultiplyAdd(d1, d1, a1);
            b0 = Vector256.FusedMultiplyAdd(e0, e0, b0);
            b1 = Vector256.FusedMultiplyAdd(e1, e1, b1);
        }
        if (at < end)
        {
            V d0 = Vector256.Load(at) - m0, d1 = Vector256.Load(at + Half) - m1;
            a0 = Vector256.FusedMultiplyAdd(d0, d0, a0);
            a1 = Vector256.FusedMultiplyAdd(d1, d1, a1);
        }
        m0.Store(moments);
        m1.Store(moments + Half);
        (a0 + b0).Store(moments + Lanes);
        (a1 + b1).Store(moments + Lanes + Half);
    }

    /// <summary>
    /// Adds a run of <paramref name="added"/> pixels to the moments [mean | deviations] of <paramref name="count"/>, as
    /// <see cref="Moments.Merge"/>.
    /// </summary>
    static void Merge(double* moments, int count, float* run, int added)
    {
        double share = added / (double)(count + added), weight = count * share;
        for (int lane = 0; lane < Lanes; lane++)
        {
            double distance = run[lane] - moments[lane];
            moments[lane] += distance * share;
            moments[Lanes + lane] += run[Lanes + lane] + distance * distance * weight;
        }
    }

    /// <summary>Σ dz and Σ dz·(x − μ) of a run of pixels, per lane.</summary>
    static void RunGradient(float* g, float* x, int floats, ChannelAffine affine, ReadOnlySpan<float> mean, int channel, bool relu,
        float* sums)
    {
        V s0 = affine.Scale(channel), s1 = affine.Scale(channel + Half);
        V t0 = affine.Shift(channel), t1 = affine.Shift(channel + Half);
        V m0 = Vector256.Create(mean), m1 = Vector256.Create(mean[Half..]);
        V sum0 = V.Zero, sum1 = V.Zero, along0 = V.Zero, along1 = V.Zero;
        for (int i = 0; i < floats; i += Lanes)
        {
            V x0 = Vector256.Load(x + i), x1 = Vector256.Load(x + i + Half);
            V z0 = Through(Vector256.Load(g + i), x0, s0, t0, relu), z1 = Through(Vector256.Load(g + i + Half), x1, s1, t1, relu);
            sum0 += z0;
            sum1 += z1;
            along0 = Vector256.FusedMultiplyAdd(z0, x0 - m0, along0);
            along1 = Vector256.FusedMultiplyAdd(z1, x1 - m1, along1);
        }
        sum0.Store(sums);
        sum1.Store(sums + Half);
        along0.Store(sums + Lanes);
        along1.Store(sums + Lanes + Half);
    }

    /// <summary>max(x, floor), NaN staying NaN: two instructions where <c>Vector256.Max</c> needs seven.</summary>
    static V Rectify(V x, V floor) => Vector256.ConditionalSelect(Vector256.LessThan(x, floor), floor, x);

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
    static ChannelAffine Affine(Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map)
    {
        var affine = new ChannelAffine(map.Blocks * Lanes);
        Span<float> scale = affine.Scales, shift = affine.Shifts;
        weight.Span<float>().CopyTo(scale);
        bias.Span<float>().CopyTo(shift);
        for (int c = 0; c < map.Channels; c++)
        {
            scale[c] *= inverseDeviation.Span<float>()[c];
            shift[c] -= mean.Span<float>()[c] * scale[c];
        }
        return affine;
    }

    static PooledArray<float> Padded(Tensor perChannel, FrameMap map)
    {
        var padded = new PooledArray<float>(map.Blocks * Lanes);
        perChannel.Span<float>().CopyTo(padded.Span);
        return padded;
    }

    /// <summary>A factor and a summand for each channel, in pooled memory.</summary>
    readonly struct ChannelAffine(int channels) : IDisposable
    {
        readonly PooledArray<float> _values = new(2 * channels);

        public Span<float> Scales => _values.Span[..channels];

        public Span<float> Shifts => _values.Span[channels..];

        /// <summary>Factors of eight channels.</summary>
        public V Scale(int channel) => Vector256.Create<float>(Scales[channel..]);

        /// <summary>Summands of eight channels.</summary>
        public V Shift(int channel) => Vector256.Create<float>(Shifts[channel..]);

        public void Dispose() => _values.Dispose();
    }
}
