using System.Numerics;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// The convolution and its gradients in float64 on row-major maps, as the formula says them. Maps get a border of zeros, so that every
/// tap is one shift of a whole plane; the columns that a shift brings in from the next row are left out at the end.
/// </summary>
internal static unsafe class ReferenceConv
{
    public static void Forward(ConvShape s, double* x, double* weight, double* y)
    {
        double[] padded = Padded(s, x, s.InChannels);
        int filter = s.InChannels * s.Taps;
        Workers.Run(s.Batch * s.OutChannels, part => Sum(s, padded, part / s.OutChannels * s.InChannels, s.InChannels,
            weight + (nint)(part % s.OutChannels) * filter, s.Taps, turned: false, y + part * s.Plane));
    }

    /// <summary>The same sum with the filters turned by 180 degrees, which brings a gradient back.</summary>
    public static void InputGradient(ConvShape s, double* dy, double* weight, double* dx)
    {
        double[] padded = Padded(s, dy, s.OutChannels);
        int filter = s.InChannels * s.Taps;
        Workers.Run(s.Batch * s.InChannels, part => Sum(s, padded, part / s.InChannels * s.OutChannels, s.OutChannels,
            weight + (nint)(part % s.InChannels) * s.Taps, filter, turned: true, dx + part * s.Plane));
    }

    public static void FilterGradient(ConvShape s, double* dy, double* x, double* dWeight)
    {
        double[] padded = Padded(s, x, s.InChannels), spread = Spread(s, dy);
        int width = s.Width + 2 * s.Border, plane = (s.Height + 2 * s.Border) * width + width, rows = s.Height * width;
        Workers.Run(s.OutChannels * s.InChannels, part =>
        {
            int o = part / s.InChannels, i = part % s.InChannels;
            for (int tap = 0; tap < s.Taps; tap++)
            {
                double sum = 0;
                for (int n = 0; n < s.Batch; n++)
                    sum += Dot(padded.AsSpan((n * s.InChannels + i) * plane + tap / s.Kernel * width + tap % s.Kernel, rows),
                        spread.AsSpan((n * s.OutChannels + o) * rows, rows));
                dWeight[(nint)part * s.Taps + tap] = sum;
            }
        });
    }

    /// <summary>to = Σ over channels and taps of weight · the channel's plane, shifted.</summary>
    /// <param name="first">The first plane of the clip.</param>
    /// <param name="stride">From one channel's weights to the next's.</param>
    static void Sum(ConvShape s, double[] padded, int first, int channels, double* weight, nint stride, bool turned, double* to)
    {
        int width = s.Width + 2 * s.Border, plane = (s.Height + 2 * s.Border) * width + width;
        double[] sums = new double[s.Height * width];
        for (int channel = 0; channel < channels; channel++)
            for (int tap = 0; tap < s.Taps; tap++)
                AddScaled(padded.AsSpan((first + channel) * plane + tap / s.Kernel * width + tap % s.Kernel, sums.Length),
                    weight[channel * stride + (turned ? s.Taps - 1 - tap : tap)], sums);
        for (int h = 0; h < s.Height; h++)
            sums.AsSpan(h * width, s.Width).CopyTo(new Span<double>(to + (nint)h * s.Width, s.Width));
    }

    /// <summary>Planes with a border of zeros, and one more row so that a shifted plane ends inside.</summary>
    static double[] Padded(ConvShape s, double* maps, int channels)
    {
        int width = s.Width + 2 * s.Border, plane = (s.Height + 2 * s.Border) * width + width;
        double[] padded = new double[checked(s.Batch * channels * plane)];
        for (int i = 0; i < s.Batch * channels; i++)
            for (int h = 0; h < s.Height; h++)
                new Span<double>(maps + i * s.Plane + (nint)h * s.Width, s.Width)
                    .CopyTo(padded.AsSpan(i * plane + (h + s.Border) * width + s.Border));
        return padded;
    }

    /// <summary>The output's planes with rows as long as the padded ones; their ends are zeros.</summary>
    static double[] Spread(ConvShape s, double* maps)
    {
        int width = s.Width + 2 * s.Border;
        double[] spread = new double[checked(s.Batch * s.OutChannels * s.Height * width)];
        for (int row = 0; row < s.Batch * s.OutChannels * s.Height; row++)
            new Span<double>(maps + (nint)row * s.Width, s.Width).CopyTo(spread.AsSpan(row * width));
        return spread;
    }

    static void AddScaled(ReadOnlySpan<double> from, double factor, Span<double> to)
    {
        int i = 0;
        for (; i <= to.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(to[i..]) + new Vector<double>(from[i..]) * factor).CopyTo(to[i..]);
        for (; i < to.Length; i++) to[i] += from[i] * factor;
    }

    static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        int i = 0;
        var sums = Vector<double>.Zero;
        for (; i <= a.Length - Vector<double>.Count; i += Vector<double>.Count)
            sums += new Vector<double>(a[i..]) * new Vector<double>(b[i..]);
        double sum = Vector.Sum(sums);
        for (; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
