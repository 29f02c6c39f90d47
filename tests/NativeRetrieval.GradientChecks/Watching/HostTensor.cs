using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Watching;

/// <summary>The elements of a tensor in float64, row-major. Conversions go past the tape.</summary>
internal static class HostTensor
{
    public static double[] Read(Tensor tensor)
    {
        if (tensor.DType == DType.Int32) return Array.ConvertAll(tensor.ToArray<int>(), value => (double)value);
        using var scope = TensorScope.Begin();
        var plain = tensor;
        if (plain.DType == DType.BFloat16)
        {
            var wide = Tensor.Empty(plain.Shape, plain.Device, DType.Float32, plain.Layout);
            plain.Backend.Cast(plain, wide);
            plain = wide;
        }
        if (plain.Layout != Layout.Contiguous)
        {
            var rows = Tensor.Empty(plain.Shape, plain.Device, plain.DType);
            plain.Backend.ToLayout(plain, rows);
            plain = rows;
        }
        return plain.DType == DType.Float64 ? plain.ToArray<double>() : Array.ConvertAll(plain.ToArray<float>(), value => (double)value);
    }

    /// <summary>A tensor of these values, rounded to <paramref name="dtype"/>.</summary>
    public static Tensor Write(double[] values, Shape shape, Device device, DType dtype, Layout layout = Layout.Contiguous)
    {
        if (dtype == DType.Int32) return Tensor.From(Array.ConvertAll(values, value => (int)value), shape, device);
        return dtype == DType.Float64 ? Tensor.From(values, shape, device)
            : Write(Array.ConvertAll(values, value => (float)value), shape, device, dtype, layout);
    }

    /// <summary>A float32 or bfloat16 tensor of these values.</summary>
    public static Tensor Write(float[] values, Shape shape, Device device, DType dtype, Layout layout = Layout.Contiguous)
    {
        using var scope = TensorScope.Begin();
        var written = Tensor.From(values, shape, device);
        if (layout != Layout.Contiguous)
        {
            var turned = Tensor.Empty(shape, device, DType.Float32, layout);
            device.Backend.ToLayout(written, turned);
            written = turned;
        }
        if (dtype == DType.Float32) return scope.Return(written);
        var narrow = Tensor.Empty(shape, device, dtype, layout);
        device.Backend.Cast(written, narrow);
        return scope.Return(narrow);
    }

    /// <summary>The values that are stored of these.</summary>
    public static double[] Rounded(double[] values, DType dtype) => dtype switch
    {
        DType.Float32 => Array.ConvertAll(values, value => (double)(float)value),
        DType.BFloat16 => Array.ConvertAll(values, value => (double)(float)(BFloat16)(float)value),
        _ => values,
    };
}
