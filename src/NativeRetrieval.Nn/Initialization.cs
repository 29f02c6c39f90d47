using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn;

/// <summary>
/// Starting values, drawn in row-major order from one sequence. Without a sequence they are zeros:
/// for a module whose state is about to be read from a file, which spares a large model's hundred million draws.
/// </summary>
public static class Initialization
{
    /// <summary>
    /// Uniform in ±√(6/(fan in + fan out)) (Glorot and Bengio 2010). The fans of a kernel [O, I, h, w] are I·h·w and O·h·w.
    /// </summary>
    public static Tensor XavierUniform(Shape shape, Device device, DType dtype, PhiloxSequence? random)
    {
        long window = shape[2..].Count;
        return Uniform(shape, Math.Sqrt(6.0 / ((shape[0] + shape[1]) * window)), device, dtype, random);
    }

    /// <summary>Uniform in ±<paramref name="bound"/>.</summary>
    public static Tensor Uniform(Shape shape, double bound, Device device, DType dtype, PhiloxSequence? random) =>
        random is null ? Tensor.Zeros(shape, device, dtype) : Draw(shape, () => bound * (2.0 * random.NextUniform() - 1), device, dtype);

    /// <summary>Normal with mean 0 and the given standard deviation.</summary>
    public static Tensor Normal(Shape shape, double deviation, Device device, DType dtype, PhiloxSequence? random) =>
        random is null ? Tensor.Zeros(shape, device, dtype) : Draw(shape, () => deviation * random.NextNormal(), device, dtype);

    static Tensor Draw(Shape shape, Func<double> next, Device device, DType dtype)
    {
        if (dtype == DType.Float64) return Tensor.From(Values(next), shape, device);
        return Tensor.From(Values(() => (float)next()), shape, device);

        T[] Values<T>(Func<T> value)
        {
            var values = new T[shape.Count];
            for (int i = 0; i < values.Length; i++) values[i] = value();
            return values;
        }
    }
}
