using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>The convolution and its gradients in float64 on row-major maps, as the formula says them.</summary>
internal static unsafe class ReferenceConv
{
    public static void Forward(ConvShape s, double* x, double* weight, double* y) =>
        Workers.Run(s.Batch * s.OutChannels, part =>
        {
            int n = part / s.OutChannels, o = part % s.OutChannels;
            double* to = y + part * s.Plane;
            new Span<double>(to, checked((int)s.Plane)).Clear();
            for (int i = 0; i < s.InChannels; i++)
                for (int tap = 0; tap < s.Taps; tap++)
                    AddShifted(s, x + ((nint)n * s.InChannels + i) * s.Plane, weight[((nint)o * s.InChannels + i) * s.Taps + tap], tap, to);
        });

    public static void InputGradient(ConvShape s, double* dy, double* weight, double* dx) =>
        Workers.Run(s.Batch * s.InChannels, part =>
        {
            int n = part / s.InChannels, i = part % s.InChannels;
            double* to = dx + part * s.Plane;
            new Span<double>(to, checked((int)s.Plane)).Clear();
            for (int o = 0; o < s.OutChannels; o++)
                for (int tap = 0; tap < s.Taps; tap++) // the opposite shift brings a gradient back
                    AddShifted(s, dy + ((nint)n * s.OutChannels + o) * s.Plane, weight[((nint)o * s.InChannels + i) * s.Taps + tap],
                        s.Taps - 1 - tap, to);
        });

    public static void FilterGradient(ConvShape s, double* dy, double* x, double* dWeight) =>
        Workers.Run(s.OutChannels * s.InChannels, part =>
        {
            int o = part / s.InChannels, i = part % s.InChannels;
            for (int tap = 0; tap < s.Taps; tap++)
            {
                double sum = 0;
                for (int n = 0; n < s.Batch; n++)
                    sum += DotShifted(s, x + ((nint)n * s.InChannels + i) * s.Plane, tap, dy + ((nint)n * s.OutChannels + o) * s.Plane);
                dWeight[(nint)part * s.Taps + tap] = sum;
            }
        });

    /// <summary>to[h, w] += factor · from[h + a − p, w + b − p] where that pixel exists.</summary>
    static void AddShifted(ConvShape s, double* from, double factor, int tap, double* to)
    {
        var (down, right) = (tap / s.Kernel - s.Border, tap % s.Kernel - s.Border);
        for (int h = Math.Max(0, -down); h < Math.Min(s.Height, s.Height - down); h++)
            for (int w = Math.Max(0, -right); w < Math.Min(s.Width, s.Width - right); w++)
                to[(nint)h * s.Width + w] += factor * from[(nint)(h + down) * s.Width + w + right];
    }

    static double DotShifted(ConvShape s, double* x, int tap, double* dy)
    {
        var (down, right) = (tap / s.Kernel - s.Border, tap % s.Kernel - s.Border);
        double sum = 0;
        for (int h = Math.Max(0, -down); h < Math.Min(s.Height, s.Height - down); h++)
            for (int w = Math.Max(0, -right); w < Math.Min(s.Width, s.Width - right); w++)
                sum += dy[(nint)h * s.Width + w] * x[(nint)(h + down) * s.Width + w + right];
        return sum;
    }
}
