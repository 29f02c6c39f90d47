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
    /// <param name="layout">The order of the values in memory; they are drawn in row-major order all the same.</param>
    public static Tensor XavierUniform(
        Shape shape, Device device, DType dtype, PhiloxSequence? random, Layout layout = Layout.Contiguous)
    {
        long window = shape[2..].Count;
        double bound = Math.Sqrt(6.0 / ((shape[0] + shape[1]) * window));
        return Uniform(Tensor.Zeros(shape, device, dtype, layout), bound, random);
    }

    /// <summary>Uniform in ±<paramref name="bound"/>.</summary>
    public static Tensor Uniform(Shape shape, double bound, Device device, DType dtype, PhiloxSequence? random) =>
        Uniform(Tensor.Zeros(shape, device, dtype), bound, random);

    static Tensor Uniform(Tensor tensor, double bound, PhiloxSequence? random) =>
        Draw(tensor, random, source => bound * (2.0 * source.NextUniform() - 1));

    /// <summary>
    /// Normal with mean 0 and the given standard deviation; without a sequence the memory is taken when it is first touched.
    /// </summary>
    public static Tensor Normal(Shape shape, double deviation, Device device, DType dtype, PhiloxSequence? random) =>
        random is null ? Tensor.DeferredZeros(shape, device, dtype)
            : Draw(Tensor.Zeros(shape, device, dtype), random, source => deviation * source.NextNormal());

    static Tensor Draw(Tensor tensor, PhiloxSequence? random, Func<PhiloxSequence, double> next)
    {
        if (random is null) return tensor;
        if (tensor.DType == DType.Float64) tensor.CopyFrom<double>(Values(next));
        else tensor.CopyFrom<float>(Values(source => (float)next(source)));
        return tensor;

        T[] Values<T>(Func<PhiloxSequence, T> value)
        {
            var values = new T[tensor.Count];
            for (int i = 0; i < values.Length; i++) values[i] = value(random);
            return values;
        }
    }
}
