using System.Reflection;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.OpCases;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Ops;

/// <summary>Holds every op to its case on the CPU backend.</summary>
public sealed class OpCaseTests
{
    const double FiniteDifferenceStep = 1e-5;
    const int ProbedElements = 8;

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var opCase in OpCaseCatalogue.All)
            foreach (string size in opCase.Sizes)
                data.Add(opCase.GetType().Name, size);
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_equals_the_formula(string name, string size)
    {
        var (opCase, device) = Setup(name);
        var runner = new OpCaseRunner(opCase, size, device);
        double[] expected = opCase.Reference(size, [.. runner.Inputs.Select(i => i.Values)]);
        if (opCase.HasFloat64) Golden.Check(expected, runner.Forward(DType.Float64), 1e-12, $"{name} {size} float64");
        Golden.Check(expected, runner.Forward(DType.Float32), opCase.Tolerance.Forward, $"{name} {size} float32");
        Assert.Equal(0, device.LiveBytes);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Gradient_equals_finite_differences(string name, string size)
    {
        var (opCase, device) = Setup(name);
        if (!opCase.HasGradient) return;
        var runner = new OpCaseRunner(opCase, size, device);
        double[] output = runner.Forward(DType.Float32);
        var random = new PhiloxSequence(new Philox(7));
        double[] weights = [.. output.Select(_ => (double)(float)random.NextNormal())];
        double[][] gradients = runner.ForwardAndBackward(DType.Float32, weights).Gradients;

        if (opCase.HasFloat64)
        {
            double[][] exact = runner.ForwardAndBackward(DType.Float64, weights).Gradients;
            for (int input = 0; input < exact.Length; input++)
            {
                if (!runner.Inputs[input].Differentiable) continue;
                CheckByFiniteDifferences(runner, weights, input, exact[input], $"{name} {size} input {input}");
                Golden.Check(exact[input], gradients[input], opCase.Tolerance.Gradient, $"{name} {size} float32 gradient of input {input}");
            }
        }
        Assert.Equal(0, device.LiveBytes);
    }

    [Fact]
    public void Every_op_has_a_case()
    {
        var ops = typeof(Op).GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
            .Where(method => (method.IsPublic || method.IsAssembly) && !method.Name.StartsWith('<'))
            .Select(method => method.Name).ToHashSet();
        Assert.Equal(ops.Order(StringComparer.Ordinal), OpCaseCatalogue.All.Select(c => c.Op).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>Probes elements spread over the input: |analytic − central difference| ≤ 1e-6 · (1 + |analytic|).</summary>
    static void CheckByFiniteDifferences(OpCaseRunner runner, double[] weights, int input, double[] analytic, string what)
    {
        int count = runner.Inputs[input].Values.Length;
        Assert.Equal(count, analytic.Length);
        for (int probe = 0; probe < Math.Min(ProbedElements, count); probe++)
        {
            int element = count <= ProbedElements ? probe : (int)((long)probe * (count - 1) / (ProbedElements - 1));
            double numeric = (runner.Probe(weights, input, element, FiniteDifferenceStep)
                - runner.Probe(weights, input, element, -FiniteDifferenceStep)) / (2 * FiniteDifferenceStep);
            double error = Math.Abs(analytic[element] - numeric) / (1 + Math.Abs(analytic[element]));
            Assert.True(error <= 1e-6, $"{what}, element {element}: gradient {analytic[element]:G9}, finite difference {numeric:G9}");
        }
    }

    static (OpCase, CpuDevice) Setup(string name) =>
        (OpCaseCatalogue.All.Single(c => c.GetType().Name == name), new CpuDevice(guarded: true));
}
