using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks;
using NativeRetrieval.GradientChecks.Decisions;
using NativeRetrieval.GradientChecks.Models;
using NativeRetrieval.GradientChecks.Watching;

namespace NativeRetrieval.CudaEmulator.Tests.Models;

/// <summary>Decisions of the fused batch norms: a float64 pass on the CPU with its own decisions is that pass.</summary>
public sealed class DecisionTests
{
    static readonly string[] _outputs = ["dx", "dKernels", "dWeight", "dBias", "dResidual"];

    [Theory]
    [InlineData("CNN14", nameof(IBackend.Conv2dBatchNormBackward), nameof(IBackend.BatchNormPool2dBackward))]
    [InlineData("ResNet38", nameof(IBackend.Conv2dBatchNormBackward), nameof(IBackend.BatchNormPool2dBackward),
        nameof(IBackend.BatchNormBackward), nameof(IBackend.BatchNormAddReluBackward))]
    public void Backward_with_its_own_decisions_is_backward(string model, params string[] expected)
    {
        var byKey = new Dictionary<nint, int[]>();
        var seen = new HashSet<string>();
        var small = CheckedModel.All(small: true).Single(found => found.Name == model);
        small.Gradients(new WatchedDevice(CpuDevice.Shared, Watch), DType.Float64);
        Assert.Superset(expected.ToHashSet(), seen);

        object? Watch(OperationCall call)
        {
            object? result = call.Run();
            if (Decision.KeyOf(call) is { } key) byKey[key.Address] = Decision.Of(call);
            if (call.IndexOf("dBias") < 0 || Decision.KeyOfBackward(call) is not { } known) return result;
            seen.Add(call.Name);
            Check(call, byKey[known.Address]);
            return result;
        }
    }

    static void Check(OperationCall call, int[] decided)
    {
        var outputs = call.Names.Zip(call.Arguments).Where(pair => _outputs.Contains(pair.First))
            .Select(pair => pair.Second).OfType<Tensor>().ToList();
        var own = outputs.ConvertAll(HostTensor.Read);
        Decision.RunWith(call, decided);
        Assert.All(outputs.Zip(own), pair => Assert.InRange(RelativeError.Of(pair.Second, HostTensor.Read(pair.First)), 0, 1e-12));
        Decision.RunWith(call, new int[decided.Length]);
        Assert.All(outputs, output => Assert.All(HostTensor.Read(output), value => Assert.Equal(0, value)));
        call.Run();
        if (call.Name != nameof(IBackend.BatchNormAddReluBackward)) CheckUndecided(call, decided);
    }

    /// <summary>An entry that a bias puts at exactly 0 is undecided, and its gradient is the one that reaches it.</summary>
    static void CheckUndecided(OperationCall call, int[] decided)
    {
        double[]?[] values = [.. call.Arguments.Select(argument => argument is Tensor tensor ? HostTensor.Read(tensor) : null)];
        var inputs = RectifierInput.Of(call, name => values[call.IndexOf(name)]).ToList();
        Assert.All(inputs, input => Assert.Equal(decided[input.Entry], input.Value > 0 ? 1 : 0));
        Assert.Equal(decided.Sum(), inputs.Count(input => input.Value > 0));
        var chosen = inputs.MaxBy(input => input.Value);
        Shape maps = [.. call.Argument<Tensor>("dy").Shape.Sizes[..2], .. call.Argument<Tensor>("x").Shape.Sizes[2..]];
        int before = Decision.UndecidedEntries(call, values).Count();
        values[call.IndexOf("bias")]![chosen.Entry / (maps[2] * maps[3]) % maps[1]] -= chosen.Value;
        var undecided = Decision.UndecidedEntries(call, values).ToList();
        Assert.Contains(chosen.Gradient, undecided);
        Assert.InRange(undecided.Count, 1, before + 3);

        int window = call.IndexOf("pooling") < 0 ? 1 : call.Argument<PoolingOptions>("pooling").Window;
        double[] one = new double[values[call.IndexOf("dy")]!.Length];
        one[chosen.Gradient] = window * window;
        using var scope = TensorScope.Begin();
        var spread = Tensor.Empty(maps, CpuDevice.Shared, DType.Float64);
        spread.Backend.AvgPool2dBackward(Tensor.From(one, call.Argument<Tensor>("dy").Shape, CpuDevice.Shared), window, window,
            call.Argument<Tensor?>("lengths"), spread);
        Assert.Equal(1, spread.ToArray<double>()[chosen.Entry]);
    }
}
