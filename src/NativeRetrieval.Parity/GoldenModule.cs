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

    /// <summary>Overwrites a float32 or float64 tensor with values in row-major order, rounded to its dtype.</summary>
    public static void Fill(this Tensor tensor, float[] values)
    {
        if (tensor.DType == DType.Float64) tensor.CopyFrom<double>(Array.ConvertAll(values, v => (double)v));
        else tensor.CopyFrom<float>(values);
    }

    /// <summary>A golden tensor, float32 or float64, as a tensor of <paramref name="dtype"/> on <paramref name="device"/>.</summary>
    public static Tensor Load(this SafetensorsFile golden, string name, DType dtype, Device device)
    {
        int[] shape = Sizes(golden, name);
        return dtype == DType.Float64 ? Tensor.From(golden.ReadFloat64(name), shape, device)
            : Tensor.From(golden.ReadFloat32(name), shape, device);
    }

    /// <summary>A golden tensor's sizes, outermost first.</summary>
    public static int[] Sizes(this SafetensorsFile golden, string name) => [.. golden.Entry(name).Shape.Select(size => (int)size)];

    /// <summary>The elements of a float32 or float64 tensor in row-major order.</summary>
    public static double[] Values(this Tensor tensor) =>
        tensor.DType == DType.Float64 ? tensor.ToArray<double>() : Array.ConvertAll(tensor.ToArray<float>(), v => (double)v);

    /// <summary>
    /// Adds the relative errors of all parameters' gradients; where the device multiplies in less than float32, that of all of them as one
    /// vector, because small ones are differences of large numbers.
    /// </summary>
    /// <param name="except">Names of parameters to leave out; null: none.</param>
    public static void AddGradients(this WorstError worst, SafetensorsFile golden, Device device, Module module,
        Func<string, bool>? except = null)
    {
        var compared = module.Parameters().Where(item => except?.Invoke(item.Name) != true)
            .Select(item => (Name: $"grad/{item.Name}", Values: item.Tensor.Gradient!.Values())).ToList();
        if (device.Precision == Precision.Float32)
            foreach (var (name, values) in compared) worst.AddRelative(golden.ReadFloat64(name), values, name);
        else
            worst.AddRelative([.. compared.SelectMany(item => golden.ReadFloat64(item.Name))],
                [.. compared.SelectMany(item => item.Values)], "all gradients");
    }

    /// <summary>Adds the relative error of a tensor against the golden one of that name.</summary>
    public static void Add(this WorstError worst, SafetensorsFile golden, string name, Tensor actual) =>
        worst.AddRelative(golden.ReadFloat64(name), actual.Values(), name);
}
