using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.CudaEmulator.Tests.Kernels;

/// <summary>What the tests of kernels share: orders of lanes, inputs, comparison. One device at a time, hence one collection.</summary>
[Collection("device")]
public abstract class KernelTests
{
    static readonly string[] s_orders = ["forward", "reverse", "random"];

    /// <summary>Every order of lanes with each of the sizes.</summary>
    protected static TheoryData<string, int, int> Orders(params (int, int)[] sizes)
    {
        var data = new TheoryData<string, int, int>();
        foreach (string order in s_orders)
            foreach (var (first, second) in sizes) data.Add(order, first, second);
        return data;
    }

    /// <summary>Standard normal values, the same for the same stream.</summary>
    protected static float[] Normal(ulong stream, int count, double scale = 1)
    {
        var sequence = new PhiloxSequence(new Philox(7, stream));
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(scale * sequence.NextNormal());
        return values;
    }

    protected static Tensor Cpu(float[] values, params int[] shape) => Tensor.From(values, shape, CpuDevice.Shared);

    /// <summary>Every value within <paramref name="relative"/> of the largest magnitude expected, or of that among <paramref name="terms"/>, whose difference the value is.</summary>
    protected static void Close(float[] expected, float[] got, double relative, float[]? terms = null)
    {
        Assert.Equal(expected.Length, got.Length);
        double scale = expected.Length == 0 ? 0 : (terms ?? expected).Max(value => Math.Abs((double)value));
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs((double)expected[i] - got[i]) <= relative * scale, $"element {i} of {expected.Length}: expected {expected[i]}, got {got[i]} (allowed: {relative} of {scale})");
    }
}
