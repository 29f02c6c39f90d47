using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>Sums over the real pixels of a batch that the gradient of batch normalisation is made of, in float64.</summary>
/// <param name="Pixels">Real pixels of each channel.</param>
internal readonly record struct GradientSums(PooledArray<double> Sum, PooledArray<double> Along, double Pixels) : IDisposable
{
    public GradientSums(int channels, double pixels) : this(new(channels), new(channels), pixels)
    {
    }

    /// <summary>Sums that lie in a tensor one behind the other: Σ dz, Σ dz·(x − μ), pixels.</summary>
    public static GradientSums From(Tensor sums)
    {
        var values = sums.Span<double>();
        int channels = values.Length / 2;
        var from = new GradientSums(channels, values[^1]);
        values[..channels].CopyTo(from.Sum.Span);
        values[channels..^1].CopyTo(from.Along.Span);
        return from;
    }

    public void CopyTo(Tensor sums)
    {
        var values = sums.Span<double>();
        Sum.Span.CopyTo(values);
        Along.Span.CopyTo(values[Sum.Length..]);
        values[^1] = Pixels;
    }

    public void Dispose()
    {
        Sum.Dispose();
        Along.Dispose();
    }

    /// <summary>dβ = Σ dz, dγ = Σ dz·(x − μ)·inverse.</summary>
    public void ToParameters(Tensor dWeight, Tensor dBias, Tensor inverseDeviation)
    {
        if (dWeight.DType == DType.Float32) Run<float>(this, dWeight, dBias, inverseDeviation);
        else Run<double>(this, dWeight, dBias, inverseDeviation);

        static void Run<T>(GradientSums sums, Tensor dWeight, Tensor dBias, Tensor inverseDeviation) where T : unmanaged, INumber<T>
        {
            var dGamma = dWeight.Span<T>();
            var dBeta = dBias.Span<T>();
            var inverse = inverseDeviation.Span<T>();
            for (int c = 0; c < sums.Sum.Length; c++)
            {
                dBeta[c] = T.CreateTruncating(sums.Sum[c]);
                dGamma[c] = T.CreateTruncating(sums.Along[c] * double.CreateTruncating(inverse[c]));
            }
        }
    }
}
