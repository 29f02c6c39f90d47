using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.OpCases;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>
/// Every op on the device: the result against the formula, gradients against the CPU's in float64, each case in one of the orders of
/// threads by turns, or with NATIVERETRIEVAL_ORDERS=all in all of them.
/// <see cref="DeviceCollection"/> holds that no memory is left behind.
/// </summary>
[Collection("device")]
public sealed class OpCaseTests
{
    public static TheoryData<string, string, string> Cases => InOrders(OpCaseCatalogue.All.Where(opCase => !opCase.OnCpuAlone));

    [Theory, MemberData(nameof(Cases))]
    public void Result_and_gradients_are_right(string order, string name, string size)
    {
        var opCase = OpCaseCatalogue.All.Single(c => c.GetType().Name == name);
        using var test = new TestDevice(order);
        var runner = new OpCaseRunner(opCase, size, test.Device);
        double[] output = test.Run(_ => runner.Forward(DType.Float32));
        Golden.Check(opCase.Reference(size, [.. runner.Inputs.Select(input => input.Values)]), output, opCase.Tolerance.Forward,
            $"{name} {size}");
        if (opCase.HasGradient)
        {
            var random = new PhiloxSequence(new Philox(7));
            double[] weights = [.. output.Select(_ => (double)(float)random.NextNormal())];
            double[][] gradients = test.Run(_ => runner.ForwardAndBackward(DType.Float32, weights).Gradients);
            double[][] exact = new OpCaseRunner(opCase, size, CpuDevice.Shared)
                .ForwardAndBackward(opCase.HasFloat64 ? DType.Float64 : DType.Float32, weights).Gradients;
            for (int input = 0; input < exact.Length; input++)
                if (runner.Inputs[input].Differentiable)
                    Golden.Check(exact[input], gradients[input], opCase.Tolerance.Gradient, $"{name} {size}, gradient of input {input}");
        }
    }

    public static TheoryData<string, string, string> BFloat16Cases => InOrders(OpCaseCatalogue.All.Where(opCase => opCase.HasBFloat16));

    [Theory, MemberData(nameof(BFloat16Cases))]
    public void Result_and_gradients_of_bfloat16_are_those_of_the_rounded_inputs(string order, string name, string size)
    {
        var opCase = OpCaseCatalogue.All.Single(c => c.GetType().Name == name);
        using var test = new TestDevice(order);
        var runner = new OpCaseRunner(opCase, size, test.Device, DType.BFloat16);
        double[] output = test.Run(_ => runner.Forward(DType.BFloat16));
        Golden.Check(opCase.Reference(size, [.. runner.Inputs.Select(input => input.Values)]), output, opCase.Tolerance.BFloat16,
            $"{name} {size}");
        if (opCase.HasGradient)
        {
            var random = new PhiloxSequence(new Philox(7));
            double[] weights = [.. output.Select(_ => OpCaseRunner.Rounded(random.NextNormal(), DType.BFloat16))];
            double[][] gradients = test.Run(_ => runner.ForwardAndBackward(DType.BFloat16, weights).Gradients);
            double[][] exact = new OpCaseRunner(opCase, size, CpuDevice.Shared, DType.BFloat16)
                .ForwardAndBackward(opCase.HasFloat64 ? DType.Float64 : DType.Float32, weights).Gradients;
            for (int input = 0; input < exact.Length; input++)
                if (runner.Inputs[input].Differentiable)
                    Golden.Check(exact[input], gradients[input], opCase.Tolerance.BFloat16, $"{name} {size}, gradient of input {input}");
        }
    }

    /// <summary>On a GPU, which has an order of its own, every case is run once.</summary>
    static TheoryData<string, string, string> InOrders(IEnumerable<OpCase> cases)
    {
        var sizes = from opCase in cases from size in opCase.Sizes select (opCase.GetType().Name, size);
        bool all = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_ORDERS") == "all";
        return [.. sizes.SelectMany((item, i) => !Emulator.IsUsed ? DeviceOrder.All[..1]
            : all ? DeviceOrder.All : [DeviceOrder.All[i % DeviceOrder.All.Length]], (item, order) => (order, item.Name, item.size))];
    }
}
