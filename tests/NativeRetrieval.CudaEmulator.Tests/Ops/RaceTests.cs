using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.CudaEmulator.Tests.Kernels;
using NativeRetrieval.CudaEmulator.Tests.Traffic;
using NativeRetrieval.OpCases;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>
/// Each kernel at the smallest size that has races to find, for a sanitizer that slows each of them down a hundred times: with
/// <see cref="HalfTests"/> the tests of this trait launch every entry point.
/// </summary>
[Collection("device"), Trait(Name, Value)]
public sealed class RaceTests
{
    public const string Name = "subset", Value = "races";

    /// <summary>Elements that make several warps work.</summary>
    const int LeastElements = 1000;

    /// <summary>Sizes beside each case's own, for kernels that the operation takes at some sizes only.</summary>
    static readonly (string Case, string Size)[] _more =
    [
        ("DropoutRowMajorCase", "1x34x7x2"), ("SearchRowsFloat32Case", "203x40x1x10"), ("SearchRowsBFloat16Case", "203x40x1x10"),
        ("SearchRowsFloat32Case", "33x16x3x33"), ("SearchRowsBFloat16Case", "33x16x3x33"),
        ("SearchRowsRoundedCase", "601x40x1x2"), ("SearchRowsRoundedCase", "1400x33x3x20"), ("DistillationMeanCase", "130x19"),
        ("TopKCase", "2x9001x5"), ("NtXentPaperCase", "260x256"), ("AttentionWithDropoutCase", "4x37x3x16"),
        ("Conv2dBatchNormTrainingCase", "1x5x9x70x5"), ("PackedConvBlockOwnLengthCase", "3x64x64x7x5x3"),
        ("WindowAttentionCase", "2x12x6x2x8x6x5"), ("WindowAttentionCase", "1x9x18x2x5x9x4"),
    ];

    /// <summary>
    /// Entry points outside: no thread of theirs sees another's memory, and devices of these tests do not split products.
    /// </summary>
    static readonly string[] _notLaunched = ["mat_mul_split_f32"];

    /// <summary>Launches of the cases that have run in this process: none runs twice.</summary>
    static readonly Dictionary<(string Name, string Size, bool BFloat16), IReadOnlyList<CountedLaunch>> _launched = [];

    public static TheoryData<string, string, bool> Cases()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var opCase in OpCaseCatalogue.All.Where(opCase => !opCase.OnCpuAlone))
        {
            string name = opCase.GetType().Name;
            var sizes = opCase.Sizes.Select(size => (Size: size, Count: ElementsOf(opCase, size))).OrderBy(item => item.Count).ToList();
            int own = sizes.FindIndex(item => item.Count >= LeastElements);
            var more = _more.Where(item => item.Case == name).Select(item => item.Size);
            foreach (string size in more.Prepend(sizes[own < 0 ? ^1 : own].Size))
            {
                data.Add(name, size, false);
                if (opCase.HasBFloat16) data.Add(name, size, true);
            }
        }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Both_directions_of_an_operation(string name, string size, bool bfloat16) => LaunchesOf(name, size, bfloat16);

    [Fact]
    public void A_window_too_long_for_shared_memory()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        var settings = new LogMelSettings { WindowSamples = 32_768, HopSamples = 32_768 };
        float[] waveform = [.. Enumerable.Range(0, 20_000).Select(i => (float)Math.Sin(0.01 * i))];
        float[] expected = Run(CpuDevice.Shared), got = test.Run(Run);
        Golden.Check(Array.ConvertAll(expected, value => (double)value), Array.ConvertAll(got, value => (double)value), 1e-5, "log-mel");

        float[] Run(Device device)
        {
            using var scope = TensorScope.Begin();
            return Op.LogMel(Tensor.From(waveform, [1, waveform.Length], device), settings).ToArray<float>();
        }
    }

    /// <summary>Taken where cuBLASLt has no product that writes the bias gradient, too.</summary>
    [Fact]
    public void A_bias_gradient_of_its_own()
    {
        const int Rows = 100, Width = 70;
        using var device = new KernelDevice(DeviceOrder.All[0]);
        float[] dy = [.. Enumerable.Range(0, Rows * Width).Select(i => (float)(i % Width))];
        nint bias = device.Empty<float>(Width);
        float[] expected = [.. Enumerable.Range(0, Width).Select(column => (float)Rows * column)];
        device.Launch("linear", "linear_bias_gradient_f32", (Width + 127) / 128, 256, 0, device.Upload(dy), bias, Rows, Width, Rows);
        Assert.Equal(expected, device.Download<float>(bias, Width));
        nint halves = device.Upload(Array.ConvertAll(dy, value => (BFloat16)value)), other = device.Empty<float>(Width);
        device.Launch("linear", "linear_bias_gradient_bf16", (Width + 255) / 256, 256, 0, halves, other, Rows, Width, Rows);
        Assert.Equal(expected, device.Download<float>(other, Width));
    }

    /// <summary>Taken in TF32 alone.</summary>
    [Fact]
    public void A_first_block_and_a_convolution_by_transforms()
    {
        new PackedConvBlockTests().Is_right_within_the_rounding_of_its_operands(
            DeviceOrder.All[0], "PackedConvBlockOwnLengthCase", "3x64x64x7x5x3");
        new PackedConv2dTests().By_transforms_are_right_within_the_bound_of_TF32(
            DeviceOrder.All[0], "PackedConv2dPlainCase", "2x256x260x3x4x3");
    }

    [Fact]
    public void Every_kernel_is_among_them_with_more_than_a_warp_where_threads_share_memory()
    {
        Emulator.Require();
        List<CountedLaunch> launches = [.. Cases().SelectMany(row => LaunchesOf(row.Data.Item1, row.Data.Item2, row.Data.Item3))];
        CountedLaunch.Begin();
        A_window_too_long_for_shared_memory();
        A_bias_gradient_of_its_own();
        A_first_block_and_a_convolution_by_transforms();
        foreach (var row in HalfTests.EntryPoints) new HalfTests().Agree_with_float32(row.Data.Item1, row.Data.Item2, row.Data.Item3);
        var launched = launches.Concat(CountedLaunch.End()).ToLookup(launch => launch.Kernel);
        using var budget = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixtures.RepositoryRoot, "kernels", "budget.json")));
        string[] all = [.. budget.RootElement.EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(_notLaunched, all.Where(name => !launched.Contains(name)));
        Assert.Equal([], launched.Where(kernel => kernel.Any(launch => launch.Counters.SharedRequests > 0)
            && kernel.All(launch => launch.Threads < 64)).Select(kernel => kernel.Key));
    }

    /// <summary>Runs a case, unless it has run before.</summary>
    /// <returns>Its launches; none on a GPU, which does not count them.</returns>
    static IReadOnlyList<CountedLaunch> LaunchesOf(string name, string size, bool bfloat16)
    {
        if (_launched.TryGetValue((name, size, bfloat16), out var launches)) return launches;
        using var test = new TestDevice(DeviceOrder.All[0]);
        if (Emulator.IsUsed) CountedLaunch.Begin();
        var opCase = OpCaseCatalogue.All.Single(c => c.GetType().Name == name);
        var dtype = bfloat16 ? DType.BFloat16 : DType.Float32;
        var runner = new OpCaseRunner(opCase, size, test.Device, dtype);
        double[] y = test.Run(_ => runner.Forward(dtype));
        if (opCase.HasGradient)
            Assert.All(test.Run(_ => runner.ForwardAndBackward(dtype, [.. y.Select(_ => 1.0)])).Gradients,
                gradient => Assert.All(gradient, value => Assert.True(double.IsFinite(value))));
        return _launched[(name, size, bfloat16)] = Emulator.IsUsed ? CountedLaunch.End() : [];
    }

    static int ElementsOf(OpCase opCase, string size) =>
        new OpCaseRunner(opCase, size, CpuDevice.Shared).Inputs.Sum(input => input.Values.Length);
}
