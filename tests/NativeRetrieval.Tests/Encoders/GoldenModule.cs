using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>Fills modules with formula weights and compares tensors with golden files.</summary>
static class GoldenModule
{
    /// <summary>Gives every parameter and buffer its formula value; the prefix is not part of the name that seeds it.</summary>
    public static T FillByFormula<T>(this T module) where T : Module
    {
        foreach (var (name, tensor) in module.State())
        {
            tensor.Fill(FormulaWeights.Of(name, tensor.Shape.Sizes.ToArray()));
        }
        return module;
    }

    public static void Fill(this Tensor tensor, float[] values)
    {
        if (tensor.DType == DType.Float64) tensor.CopyFrom<double>(Array.ConvertAll(values, v => (double)v));
        else tensor.CopyFrom<float>(values);
    }

    public static Tensor Load(this SafetensorsFile golden, string name, DType dtype, Device device)
    {
        int[] shape = [.. golden.Entry(name).Shape.Select(size => (int)size)];
        return dtype == DType.Float64 ? Tensor.From(golden.ReadFloat64(name), shape, device) : Tensor.From(golden.ReadFloat32(name), shape, device);
    }

    public static double[] Values(this Tensor tensor) =>
        tensor.DType == DType.Float64 ? tensor.ToArray<double>() : Array.ConvertAll(tensor.ToArray<float>(), v => (double)v);

    public static void Check(this SafetensorsFile golden, string name, Tensor actual, double tolerance) =>
        Golden.Check(golden.ReadFloat64(name), actual.Values(), tolerance, $"{name} in {actual.DType}");
}
