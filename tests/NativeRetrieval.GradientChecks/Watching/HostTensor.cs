using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Watching;

/// <summary>The elements of a tensor in float64, row-major.</summary>
internal static class HostTensor
{
    public static double[] Read(Tensor tensor)
    {
        if (tensor.DType == DType.Int32) return Array.ConvertAll(tensor.ToArray<int>(), value => (double)value);
        using var scope = TensorScope.Begin();
        var plain = tensor.Layout == Layout.Contiguous ? tensor : Op.ToLayout(tensor, Layout.Contiguous);
        return plain.DType == DType.Float64 ? plain.ToArray<double>() : Array.ConvertAll(plain.ToArray<float>(), value => (double)value);
    }

    /// <summary>A tensor of these values, rounded to <paramref name="dtype"/>.</summary>
    public static Tensor Write(double[] values, Shape shape, Device device, DType dtype, Layout layout = Layout.Contiguous)
    {
        if (dtype == DType.Int32) return Tensor.From(Array.ConvertAll(values, value => (int)value), shape, device);
        if (dtype == DType.Float64) return Tensor.From(values, shape, device);
        var plain = Tensor.From(Array.ConvertAll(values, value => (float)value), shape, device);
        return layout == Layout.Contiguous ? plain : Op.ToLayout(plain, layout);
    }
}
