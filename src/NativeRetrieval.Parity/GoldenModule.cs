using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Parity;

/// <summary>Fills modules with formula weights and compares tensors with golden files.</summary>
public static class GoldenModule
{
    /// <summary>Gives every parameter and buffer its formula value.</summary>
    /// <param name="seed">The seed of the set of golden files that the values belong to.</param>
    public static T FillByFormula<T>(this T module, int seed = 0) where T : Module
    {
        foreach (var (name, tensor) in module.State()) tensor.Fill(FormulaWeights.Of(name, seed, tensor.Shape.Sizes.ToArray()));
        return module;
    }

    public static void Fill(this Tensor tensor, float[] values)
    {
        if (tensor.DType == DType.Float64) tensor.CopyFrom<double>(Array.ConvertAll(values, v => (double)v));
        else tensor.CopyFrom<float>(values);
    }

    public static Tensor Load(this SafetensorsFile golden, string name, DType dtype, Device device)
    {
        int[] shape = Sizes(golden, name);
        return dtype == DType.Float64 ? Tensor.From(golden.ReadFloat64(name), shape, device)
            : Tensor.From(golden.ReadFloat32(name), shape, device);
    }

    /// <summary>A golden tensor's sizes, outermost first.</summary>
    public static int[] Sizes(this SafetensorsFile golden, string name) => [.. golden.Entry(name).Shape.Select(size => (int)size)];

    public static double[] Values(this Tensor tensor) =>
        tensor.DType == DType.Float64 ? tensor.ToArray<double>() : Array.ConvertAll(tensor.ToArray<float>(), v => (double)v);

    /// <summary>Adds the relative error of a tensor against the golden one of that name.</summary>
    public static void Add(this WorstError worst, SafetensorsFile golden, string name, Tensor actual) =>
        worst.AddRelative(golden.ReadFloat64(name), actual.Values(), name);
}
