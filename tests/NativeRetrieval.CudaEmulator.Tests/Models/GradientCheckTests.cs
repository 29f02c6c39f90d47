using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.GradientChecks;
using NativeRetrieval.GradientChecks.Decisions;
using NativeRetrieval.GradientChecks.Watching;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Models;

/// <summary>
/// The check of gradients operation by operation, at tiny sizes: it runs every algorithm that may be taken, and finds one that is wrong.
/// </summary>
[Collection("device")]
public sealed class GradientCheckTests
{
    const string Wrong = "NR_EMU_WRONG_FILTER_GRADIENT", Split = " of three TF32 products";

    [Theory]
    [InlineData("CNN14")]
    [InlineData("ResNet38")]
    [InlineData("BERT")]
    [InlineData("HTS-AT")]
    public void Every_operation_of_a_pass_is_right_by_every_algorithm(string model)
    {
        DeviceOrder.Choose("forward");
        var report = Check(Precision.Float32, model);
        Assert.Empty(Describe(report));
        if (model == "HTS-AT" || !Emulator.IsUsed) return;
        if (model == "BERT")
        {
            string[] plain = ["product 0", "product 1", "product 2"], ways = [.. plain, .. plain.Select(way => way + " split")];
            Assert.Equal(ways.Order(), Ways(nameof(IBackend.Linear)));
            Assert.Equal(ways.Order(), Ways(nameof(IBackend.MatMul)));
            // The library sums the bias gradient beside its product.
            Assert.Equal(plain, Ways(nameof(IBackend.LinearParameterGradients)));
            Assert.Equal(ways.Append("one kernel").Order(), Ways("Linear, inference"));
            return;
        }
        var algorithms = report.Operations.Where(row => row.Operation == nameof(IBackend.Conv2dFilterGradient))
            .ToLookup(row => row.Algorithm);
        string[] names = ["Algorithm0", "Algorithm1", "Algorithm3"];
        Assert.Equal(names.Concat(names.Select(name => name + Split)).Order(), algorithms.Select(rows => rows.Key!).Order());
        Assert.All(algorithms, rows => Assert.All(rows,
            row => Assert.Equal(rows.Key!.StartsWith("Algorithm1", StringComparison.Ordinal), row.Deterministic)));
        string[] chosen = [nameof(IBackend.Conv2d), nameof(IBackend.Conv2dInputGradient), nameof(IBackend.Conv2dFilterGradient),
            nameof(IBackend.Linear), nameof(IBackend.LinearParameterGradients), nameof(IBackend.MatMul),
            "PackedConv2d, inference", "PackedConvBlock, inference"];
        Assert.All(report.Operations, row => Assert.Equal(chosen.Contains(row.Operation), row.Algorithm is not null));
        Assert.NotEmpty(Ways("PackedConv2d, inference"));

        IEnumerable<string?> Ways(string operation) => report.Operations.Where(row => row.Operation == operation)
            .Select(row => row.Algorithm).Distinct().Order();
    }

    /// <summary>
    /// Outputs that nothing rounds to bfloat16, such as a linear layer's parameter gradients, are held to float32's bound.
    /// </summary>
    [Theory]
    [InlineData("ResNet38")]
    [InlineData("BERT")]
    [InlineData("HTS-AT")]
    public void Every_operation_in_bfloat16_rounds_no_more_than_it_must(string model)
    {
        DeviceOrder.Choose("forward");
        var report = Check(Precision.BFloat16, model);
        Assert.Empty(Describe(report));
        double one = 1.0 / 256;
        if (model is "BERT" or "HTS-AT")
        {
            Assert.Contains(1e-5, Bounds(nameof(IBackend.LinearParameterGradients)));
            Assert.Contains(Bounds(nameof(IBackend.Linear)), bound => Math.Abs(bound - Math.Sqrt(2) * one) < 1e-9);
            return;
        }
        Assert.All(Bounds(nameof(IBackend.Conv2d)), bound => Assert.Equal(Math.Sqrt(2) * one, bound, 1e-9));
        Assert.All(Bounds(nameof(IBackend.Conv2dFilterGradient)), bound => Assert.Equal(one, bound, 1e-9));

        IEnumerable<double> Bounds(string operation)
        {
            var rows = report.Operations.Where(row => row.Operation == operation).ToList();
            Assert.NotEmpty(rows);
            return rows.Select(row => row.Bound);
        }
    }

    /// <summary>Sizes that own kernels take: a small model has none.</summary>
    [Theory]
    [InlineData("PackedConv2dSummandCase", "1x256x256x1x1x3", "transforms, product 0")]
    [InlineData("PackedConvBlockOwnLengthCase", "2x64x64x3x4x3", "one kernel")]
    [InlineData("LinearGeluCase", "1x3x5x7", "one kernel")]
    public void Inference_is_right_by_own_kernels_and_by_the_libraries(string name, string size, string own)
    {
        DeviceOrder.Choose("forward");
        using var device = CudaDevice.Open(0, new() { Precision = Precision.Tf32, TimeAlgorithms = false });
        var checker = new InferenceChecker(name, device, Precision.Tf32);
        var opCase = OpCaseCatalogue.All.Single(c => c.GetType().Name == name);
        new OpCaseRunner(opCase, size, new WatchedDevice(device, checker.Watch)).Forward(DType.Float32);
        Assert.All(checker.Found, row => Assert.True(row.Holds, row.ToString()));
        Assert.Contains(checker.Found, row => row.Algorithm != own);
        if (Emulator.IsUsed) Assert.Contains(checker.Found, row => row.Algorithm == own);
    }

    [Fact]
    public void An_algorithm_that_is_wrong_is_named_and_no_other()
    {
        Emulator.Require();
        DeviceOrder.Choose("forward");
        DeviceOrder.Set(Wrong, "3");
        try
        {
            var report = Check(Precision.Float32, "CNN14");
            Assert.False(report.Holds);
            var rows = report.Operations.Where(row => !row.Holds).ToList();
            Assert.All(rows, row => Assert.Equal(nameof(IBackend.Conv2dFilterGradient), row.Operation));
            Assert.All(rows, row => Assert.Contains(row.Algorithm, (string[])["Algorithm3", "Algorithm3" + Split]));
            // Most channels are off, the others have a small gradient: no flip of a rectifier looks like that.
            Assert.Equal(2 * 11, rows.Count);
            Assert.All(rows, row => Assert.InRange(row.ChannelsOver, row.Channels / 2, row.Channels));
        }
        finally
        {
            DeviceOrder.Set(Wrong, "");
        }
    }

    [Fact]
    public void Convolutions_at_the_timed_sizes_are_right_and_a_wrong_one_is_found()
    {
        Emulator.Require();
        DeviceOrder.Choose("forward");
        Assert.All(Sampled(), row => Assert.True(row.Holds, row.ToString()));
        DeviceOrder.Set(Wrong, "3");
        try
        {
            var rows = Sampled();
            Assert.Contains(rows, row => !row.Holds);
            Assert.All(rows, row => Assert.Equal(
                row.Algorithm is { } way && row.Output == "dWeight" && way.StartsWith("Algorithm3", StringComparison.Ordinal), !row.Holds));
        }
        finally
        {
            DeviceOrder.Set(Wrong, "");
        }

        static IReadOnlyList<OperationError> Sampled() => Of(Precision.Float32).RunAtTimedSizes(["CNN14"]).Operations;
    }

    [Theory]
    [InlineData("CNN14", Precision.BFloat16)]
    [InlineData("ResNet38", Precision.Float32)]
    [InlineData("ResNet38", Precision.BFloat16)]
    [InlineData("BERT", Precision.Float32)]
    [InlineData("BERT", Precision.BFloat16)]
    [InlineData("HTS-AT", Precision.Float32)]
    [InlineData("HTS-AT", Precision.BFloat16)]
    [InlineData("Objective", Precision.Float32)]
    [InlineData("Objective", Precision.Tf32)]
    public void Operations_at_the_timed_sizes_are_right(string model, Precision precision)
    {
        DeviceOrder.Choose("forward");
        var report = Of(precision).RunAtTimedSizes([model]);
        Assert.Empty(Describe(report));
        Assert.True(report.Holds);
    }

    /// <summary>On the CPU one result after the other is made too large by a thousandth, and is named, and no other.</summary>
    [Theory]
    [InlineData("CNN14", nameof(IBackend.Conv2d), "y")]
    [InlineData("CNN14", nameof(IBackend.BatchNorm), "inverseDeviation")]
    [InlineData("CNN14", nameof(IBackend.BatchNormPool2d), "y")]
    [InlineData("CNN14", nameof(IBackend.BatchNormPool2dBackward), "dx")]
    [InlineData("CNN14", nameof(IBackend.BatchNormPool2dBackward), "dWeight")]
    [InlineData("CNN14", nameof(IBackend.Conv2dBatchNormBackward), "dx")]
    [InlineData("CNN14", nameof(IBackend.Conv2dBatchNormBackward), "dKernels")]
    [InlineData("CNN14", nameof(IBackend.ClipPooling), "y")]
    [InlineData("CNN14", nameof(IBackend.ClipPoolingBackward), "dx")]
    [InlineData("CNN14", nameof(IBackend.PackedConvBlock), "y")]
    [InlineData("ResNet38", nameof(IBackend.PackedConv2d), "y")]
    [InlineData("ResNet38", nameof(IBackend.BatchNormAddRelu), "runningVariance")]
    [InlineData("ResNet38", nameof(IBackend.BatchNormAddReluBackward), "dResidual")]
    [InlineData("ResNet38", nameof(IBackend.BatchNormAddReluBackward), "dBias")]
    [InlineData("BERT", nameof(IBackend.Linear), "y")]
    [InlineData("BERT", nameof(IBackend.MatMul), "c")]
    [InlineData("BERT", nameof(IBackend.LinearParameterGradients), "dBias")]
    [InlineData("BERT", nameof(IBackend.AttentionBackward), "dqkv")]
    [InlineData("BERT", nameof(IBackend.AddLayerNormBackward), "dGain")]
    [InlineData("BERT", nameof(IBackend.EmbeddingBackward), "dTable")]
    [InlineData("HTS-AT", nameof(IBackend.Linear), "y")]
    [InlineData("HTS-AT", nameof(IBackend.MatMul), "c")]
    [InlineData("HTS-AT", nameof(IBackend.LinearParameterGradients), "dWeight")]
    [InlineData("HTS-AT", nameof(IBackend.LayerNorm), "inverseDeviation")]
    [InlineData("HTS-AT", nameof(IBackend.LayerNormBackward), "dx")]
    [InlineData("HTS-AT", nameof(IBackend.LayerNormBackward), "dGain")]
    [InlineData("HTS-AT", nameof(IBackend.WindowAttention), "y")]
    [InlineData("HTS-AT", nameof(IBackend.WindowAttentionBackward), "dTable")]
    [InlineData("Objective", nameof(IBackend.NtXent), "dText")]
    public void A_wrong_result_at_the_timed_sizes_is_named_and_no_other(string model, string operation, string output)
    {
        var check = new GradientCheck(_ => new WatchedDevice(CpuDevice.Shared, call =>
        {
            object? result = call.Run();
            if (call.Name == operation && call.Argument<Tensor>(output) is { } wrong) wrong.Backend.Scale(wrong, 1.001, wrong);
            return result;
        }), Precision.Float32, Small: true);
        var rows = check.RunAtTimedSizes([model]).Operations;
        Assert.Contains(rows, row => !row.Holds);
        Assert.All(rows, row => Assert.Equal((row.Operation, row.Output) == (operation, output), !row.Holds));
    }

    [Fact]
    public void Sums_in_no_order_are_seen_to_move()
    {
        Emulator.Require();
        DeviceOrder.Choose("random");
        var rows = Check(Precision.Float32, "CNN14").Operations
            .Where(row => row.Operation == nameof(IBackend.Conv2dFilterGradient)).ToList();
        Assert.Contains(rows, row => row is { Deterministic: false, Moves: true });
        Assert.DoesNotContain(rows, row => row is { Deterministic: true, Moves: true });
    }

    [Fact]
    public void Every_operation_that_decides_is_known()
    {
        string[] words = ["Relu", "Max", "ClipPooling", "BatchNorm", "ConvBlock"];
        var deciding = typeof(IBackend).GetMethods().Where(method => words.Any(word => method.Name.Contains(word, StringComparison.Ordinal)
                && !method.Name.StartsWith("Softmax", StringComparison.Ordinal)
                && !method.Name.StartsWith("Synchronized", StringComparison.Ordinal)) // without a ReLU: it decides nothing
            || method.GetParameters().Any(parameter => parameter.Name == "relu" || parameter.ParameterType == typeof(Activation)));
        Assert.Equal(Decision.Known.Order(), deciding.Select(method => method.Name).Order());
    }

    static GradientReport Check(Precision precision, string model) => Of(precision).Run([model]);

    static GradientCheck Of(Precision precision) => new(deterministic => CudaDevice.Open(0, new()
    {
        Precision = precision, Deterministic = deterministic, TimeAlgorithms = false,
    }), precision, Small: Emulator.IsUsed);

    static IEnumerable<string> Describe(GradientReport report) =>
        [.. report.Operations.Where(row => !row.Holds).Select(row => row.ToString()),
            .. report.Passes.Where(pass => !pass.Holds).Select(pass => pass.ToString())];
}
