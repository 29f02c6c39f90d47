using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>A convolution of one channel in front of a batch norm, in float64.</summary>
/// <param name="x">[N, 1, H, W].</param>
/// <param name="kernels">[O, 1, k, k].</param>
/// <param name="exact">The batch norm's channels, all of them.</param>
internal sealed class FirstConvolution(SampledOperand x, SampledOperand kernels, Shape filters, ExactChannel[] exact)
{
    readonly int _size = filters[2], _border = filters[2] / 2;

    /// <summary>The maps of one output channel, and what no sum of their terms is above.</summary>
    public static (double[] Maps, double Largest) Of(SampledOperand x, SampledOperand kernels, Shape filters, ChannelMap map, int channel,
        double largest)
    {
        int size = filters[2], border = size / 2;
        double[] maps = new double[map.Clips * map.Frames * map.Width];
        for (int i = 0; i < maps.Length; i++)
        {
            int row = i / map.Width;
            for (int a = 0; a < size; a++)
                for (int b = 0; b < size; b++)
                    maps[i] += x.At(row / map.Frames, 0, row % map.Frames + a - border, i % map.Width + b - border)
                        * kernels.At(channel, 0, a, b);
        }
        double terms = 0;
        for (int a = 0; a < size; a++)
            for (int b = 0; b < size; b++) terms += Math.Abs(kernels.At(channel, 0, a, b));
        return (maps, terms * largest);
    }

    /// <summary>The gradient of one entry of x.</summary>
    public double InputGradient(int clip, int row, int column)
    {
        double sum = 0;
        for (int a = 0; a < _size; a++)
            for (int b = 0; b < _size; b++)
            {
                var (frame, place) = (row - a + _border, column - b + _border);
                if (frame < 0 || frame >= exact[0].Frames || place < 0 || place >= exact[0].Width) continue;
                int i = exact[0].At(clip, frame, place);
                for (int o = 0; o < exact.Length; o++) sum += exact[o].InputGradient(i) * kernels.At(o, 0, a, b);
            }
        return sum;
    }

    /// <summary>The kernels' gradient, row-major.</summary>
    public double[] KernelGradients(int clips)
    {
        double[] gradients = new double[exact.Length * _size * _size];
        Parallel.For(0, exact.Length, o =>
        {
            for (int clip = 0; clip < clips; clip++)
                for (int frame = 0; frame < exact[o].Frames; frame++)
                    for (int column = 0; column < exact[o].Width; column++)
                    {
                        double gradient = exact[o].InputGradient(exact[o].At(clip, frame, column));
                        if (gradient == 0) continue;
                        for (int k = 0; k < _size * _size; k++)
                            gradients[o * _size * _size + k] +=
                                gradient * x.At(clip, 0, frame + k / _size - _border, column + k % _size - _border);
                    }
        });
        return gradients;
    }
}
