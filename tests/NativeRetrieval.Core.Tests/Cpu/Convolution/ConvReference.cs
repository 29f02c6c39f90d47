using NativeRetrieval.Core.Cpu.Convolution;

namespace NativeRetrieval.Core.Tests.Cpu.Convolution;

/// <summary>Convolutions by their definition in float64, and the blocked layout, for tests of the kernels.</summary>
internal static class ConvReference
{
    public static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = random.NextSingle() * 2 - 1;
        return values;
    }

    /// <summary>[N, C, H, W] to [N, ⌈C/16⌉, H, W, 16].</summary>
    public static float[] Block(float[] x, int n, int c, int plane)
    {
        int blocks = (c + 15) / 16;
        var y = new float[n * blocks * plane * 16];
        for (int i = 0; i < n; i++)
        for (int k = 0; k < c; k++)
        for (int p = 0; p < plane; p++)
            y[((i * blocks + k / 16) * plane + p) * 16 + k % 16] = x[(i * c + k) * plane + p];
        return y;
    }

    /// <summary>[O, I, k, k] to the layout of filters, [⌈O/16⌉, I, k, k, 16].</summary>
    public static float[] Kernels(ConvShape s, float[] weight)
    {
        var blocked = new float[s.OutBlocks * s.KernelPanelFloats];
        VisitKernels(s, (from, to) => blocked[to] = weight[from]);
        return blocked;
    }

    /// <summary>The inverse of <see cref="Kernels"/>.</summary>
    public static float[] RowMajor(ConvShape s, float[] blocked)
    {
        var weight = new float[s.OutChannels * s.InChannels * s.Taps];
        VisitKernels(s, (to, from) => weight[to] = blocked[from]);
        return weight;
    }

    static void VisitKernels(ConvShape s, Action<int, int> visit)
    {
        for (int o = 0; o < s.OutChannels; o++)
        for (int i = 0; i < s.InChannels; i++)
        for (int tap = 0; tap < s.Taps; tap++)
            visit((o * s.InChannels + i) * s.Taps + tap,
                ((o / 16 * s.InChannels + i) * s.Taps + tap) * 16 + o % 16);
    }

    /// <summary>
    /// Calls <paramref name="visit"/>(output index, input index, weight index) for every multiplication of the convolution.
    /// </summary>
    private static void Visit(ConvShape s, Action<int, int, int> visit)
    {
        for (int n = 0; n < s.Batch; n++)
        for (int o = 0; o < s.OutChannels; o++)
        for (int i = 0; i < s.InChannels; i++)
        for (int y = 0; y < s.Height; y++)
        for (int x = 0; x < s.Width; x++)
        for (int tap = 0; tap < s.Taps; tap++)
        {
            int u = y + tap / s.Kernel - s.Border, v = x + tap % s.Kernel - s.Border;
            if ((uint)u < (uint)s.Height && (uint)v < (uint)s.Width)
                visit(((n * s.OutChannels + o) * s.Height + y) * s.Width + x, ((n * s.InChannels + i) * s.Height + u) * s.Width + v,
                    (o * s.InChannels + i) * s.Taps + tap);
        }
    }

    public static double[] Forward(ConvShape s, float[] x, float[] w)
    {
        var y = new double[s.Batch * s.OutChannels * (int)s.Plane];
        Visit(s, (o, i, k) => y[o] += (double)x[i] * w[k]);
        return y;
    }

    public static double[] InputGradient(ConvShape s, float[] dy, float[] w)
    {
        var dx = new double[s.Batch * s.InChannels * (int)s.Plane];
        Visit(s, (o, i, k) => dx[i] += (double)dy[o] * w[k]);
        return dx;
    }

    public static double[] FilterGradient(ConvShape s, float[] x, float[] dy)
    {
        var dw = new double[s.OutChannels * s.InChannels * s.Taps];
        Visit(s, (o, i, k) => dw[k] += (double)dy[o] * x[i]);
        return dw;
    }

    /// <summary>|got − expected| / |expected| in the Euclidean norm; <paramref name="got"/> is blocked, [N, ⌈C/16⌉, plane, 16].</summary>
    public static double BlockedError(float[] got, double[] expected, int n, int c, int plane)
    {
        int blocks = (c + 15) / 16;
        double error = 0, norm = 0;
        for (int i = 0; i < n; i++)
        for (int k = 0; k < blocks * 16; k++)
        for (int p = 0; p < plane; p++)
        {
            double e = k < c ? expected[(i * c + k) * plane + p] : 0, d = got[((i * blocks + k / 16) * plane + p) * 16 + k % 16] - e;
            error += d * d;
            norm += e * e;
        }
        return Math.Sqrt(error / norm);
    }

    public static double Error(float[] got, double[] expected)
    {
        double error = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double d = got[i] - expected[i];
            error += d * d;
            norm += expected[i] * expected[i];
        }
        return Math.Sqrt(error / norm);
    }
}
