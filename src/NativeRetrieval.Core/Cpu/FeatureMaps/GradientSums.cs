using System.Numerics;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>Sums over the real pixels of a batch that the gradient of batch normalisation is made of, in float64.</summary>
/// <param name="Pixels">Real pixels of each channel.</param>
internal sealed record GradientSums(double[] Sum, double[] Along, double Pixels)
{
    public GradientSums(int channels, double pixels) : this(new double[channels], new double[channels], pixels)
    {
    }

    /// <summary>Sums that lie in a tensor one behind the other: Σ dz, Σ dz·(x − μ), pixels.</summary>
    public static GradientSums From(Tensor sums)
    {
        var values = sums.Span<double>();
        int channels = values.Length / 2;
        return new(values[..channels].ToArray(), values[channels..^1].ToArray(), values[^1]);
    }

    public void CopyTo(Tensor sums)
    {
        var values = sums.Span<double>();
        Sum.CopyTo(values);
        Along.CopyTo(values[Sum.Length..]);
        values[^1] = Pixels;
    }

    /// <summary>dβ = Σ dz, dγ = Σ dz·(x − μ)·inverse.</summary>
    public void ToParameters(Tensor dWeight, Tensor dBias, Tensor inverseDeviation)
    {
        if (dWeight.DType == DType.Float32) Run<float>();
        else Run<double>();

        void Run<T>() where T : unmanaged, INumber<T>
        {
            var dGamma = dWeight.Span<T>();
            var dBeta = dBias.Span<T>();
            var inverse = inverseDeviation.Span<T>();
            for (int c = 0; c < Sum.Length; c++)
            {
                dBeta[c] = T.CreateTruncating(Sum[c]);
                dGamma[c] = T.CreateTruncating(Along[c] * double.CreateTruncating(inverse[c]));
            }
        }
    }
}
