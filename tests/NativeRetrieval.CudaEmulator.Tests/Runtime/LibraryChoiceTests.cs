using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>The choice among the libraries' algorithms.</summary>
[Collection("device")]
public sealed class LibraryChoiceTests
{
    /// <summary>The look-alike's algorithm 0 sums in another order when the order of threads changes, as atomic additions would.</summary>
    [Fact]
    public void Deterministic_mode_takes_algorithms_whose_bits_do_not_depend_on_the_order()
    {
        Emulator.Require();
        Assert.Equal(FilterGradient("forward", deterministic: true), FilterGradient("reverse", deterministic: true));
        Assert.NotEqual(FilterGradient("forward", deterministic: false), FilterGradient("reverse", deterministic: false));
    }

    [Fact]
    public void Where_no_product_writes_a_bias_gradient_it_is_summed_apart()
    {
        Emulator.Require();
        DeviceOrder.Set("NR_EMU_BIAS_GRADIENTS", "0");
        try
        {
            using var kernels = new TemporaryFolder();
            using var device = CudaDevice.Open(0, new() { KernelFolder = kernels.FullPath, TimeAlgorithms = false });
            double[] expected = BiasGradient(CpuDevice.Shared), got = BiasGradient(device);
            Golden.Check(expected, got, 1e-6, "bias gradient");
        }
        finally
        {
            DeviceOrder.Set("NR_EMU_BIAS_GRADIENTS", "1");
        }
    }

    static float[] FilterGradient(string order, bool deterministic)
    {
        DeviceOrder.Choose(order);
        using var kernels = new TemporaryFolder();
        using var device = CudaDevice.Open(
            0, new() { Deterministic = deterministic, KernelFolder = kernels.FullPath, TimeAlgorithms = false });
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var weight = Op.ToLayout(Normal(device, 1, 8, 4, 3, 3), device.Filters);
        weight.RequiresGradient = true;
        var y = Op.ToLayout(Op.Conv2d(Op.ToLayout(Normal(device, 2, 2, 4, 7, 6), device.FeatureMaps), weight), Layout.Contiguous);
        tape.Backward(Op.Dot(y, Normal(device, 3, 2, 8, 7, 6)));
        return weight.Gradient!.ToArray<float>();
    }

    static double[] BiasGradient(Device device)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        Tensor weight = Normal(device, 1, 5, 7), bias = Normal(device, 2, 5);
        weight.RequiresGradient = bias.RequiresGradient = true;
        var y = Op.Linear(Normal(device, 3, 9, 7), weight, bias);
        tape.Backward(Op.Dot(y, Normal(device, 4, 9, 5)));
        return Array.ConvertAll(bias.Gradient!.ToArray<float>(), value => (double)value);
    }

    static Tensor Normal(Device device, ulong stream, params int[] shape)
    {
        var random = new PhiloxSequence(new Philox(11, stream));
        return Tensor.From([.. Enumerable.Range(0, (int)((Shape)shape).Count).Select(_ => (float)random.NextNormal())], shape, device);
    }
}
