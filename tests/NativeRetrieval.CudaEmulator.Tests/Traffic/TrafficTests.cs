using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.GradientChecks;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Speed without a GPU: at the models' widths every kernel moves little more than it must, in whole sectors and without bank conflicts,
/// and enough of its warps fit on a multiprocessor.
/// </summary>
[Collection("device")]
public sealed class TrafficTests
{
    /// <summary>Files whose kernels other tests take at a model's size.</summary>
    static readonly string[] _elsewhere =
    [
        "linear", // ProductTrafficTests
        "mat_mul", // ProductTrafficTests
        "packed_conv2d", // Of_TF32_as_well; weights are packed once for each convolution of a model that is opened
    ];

    public static TheoryData<string, string, bool> Cases()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var opCase in OpCaseCatalogue.All)
            foreach (string size in opCase.ModelSizes)
            {
                if (!opCase.IsComposedInFloat32) data.Add(opCase.GetType().Name, size, false);
                if (opCase.HasBFloat16) data.Add(opCase.GetType().Name, size, true);
            }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Traffic_is_near_the_least_and_occupancy_high(string name, string size, bool bfloat16)
    {
        Emulator.Require();
        using var test = new TestDevice("forward");
        // Other tests look for races; here that would take most of the time.
        DeviceOrder.Set("NR_EMU_CHECK_RACES", "0");
        try
        {
            var opCase = OpCaseCatalogue.All.Single(c => c.GetType().Name == name);
            var passes = PassTraffic.Of(opCase, size, bfloat16 ? DType.BFloat16 : DType.Float32, test);
            Assert.NotEmpty(passes);
            var complaints =
                from pass in passes
                from limit in TrafficLimit.All
                let complaint = limit.Check(pass)
                where complaint is not null
                select complaint;
            string[] all = [.. complaints, .. passes.SelectMany(pass => pass.Launches).SelectMany(Occupancy.Complaints).Distinct()];
            Assert.True(all.Length == 0, string.Join('\n', all));
        }
        finally
        {
            DeviceOrder.Set("NR_EMU_CHECK_RACES", "1");
        }
    }

    /// <summary>Kernels of TF32 alone. Transforms move more than a convolution does, that they may multiply less.</summary>
    [Theory]
    [InlineData("PackedConvBlockPlainCase", "1x64x64x40x64x3", true)]
    [InlineData("PackedConv2dSummandCase", "1x256x256x8x4x3", false)]
    public void Of_TF32_as_well(string name, string size, bool movesTheLeast)
    {
        Emulator.Require();
        using var test = new TestDevice("forward", Precision.Tf32);
        var opCase = OpCaseCatalogue.All.Single(c => c.GetType().Name == name);
        ForcedChoices.Transform(test.Device, transforms: true);
        try
        {
            var pass = Assert.Single(PassTraffic.Of(opCase, size, DType.Float32, test));
            IEnumerable<string?> complaints = [TrafficLimit.Sectors.Check(pass), TrafficLimit.Ways.Check(pass),
                movesTheLeast ? TrafficLimit.Moved.Check(pass) : null, .. pass.Launches.SelectMany(Occupancy.Complaints).Distinct()];
            string[] all = [.. complaints.OfType<string>()];
            Assert.True(all.Length == 0, string.Join('\n', all));
        }
        finally
        {
            ForcedChoices.Transform(test.Device, null);
        }
    }

    [Fact]
    public void A_pass_over_a_limit_is_named_with_its_ratio()
    {
        // Four lanes read a sector each, where one would hold them all: 128 bytes of 16.
        var scattered = new LaunchCounters(new(16, 1, 4, 1, 4), default, 1, 3, 1, 3, 0, 0, 0);
        var pass = new PassTraffic("a", 16, [new("k", 32, 0, scattered, "")]);
        Assert.Equal(4, pass.Sectors);
        Assert.Equal(0, pass.Moved); // the few bytes beyond the least
        Assert.Contains("\"sectors\" is 4, the limit is 1.25", TrafficLimit.Sectors.Check(pass));
        Assert.Contains("\"ways\" is 3, the limit is 2", TrafficLimit.Ways.Check(pass));
        Assert.Null(TrafficLimit.Moved.Check(pass));
    }

    [Theory]
    [InlineData(32, 0, 256, 164 << 10, 1)]
    [InlineData(33, 0, 256, 164 << 10, 0.75)]
    [InlineData(128, 0, 256, 228 << 10, 0.25)]
    [InlineData(32, 49184, 256, 164 << 10, 0.375)]
    [InlineData(32, 49184, 256, 228 << 10, 0.5)]
    [InlineData(16, 0, 32, 228 << 10, 0.5)]
    public void Occupancy_is_what_registers_shared_memory_and_blocks_leave(
        int registers, int sharedBytes, int threads, int available, double share) =>
        Assert.Equal(share, Occupancy.Of(registers, sharedBytes, threads, available));

    [Fact]
    public void Every_kernel_file_runs_at_a_models_size()
    {
        var stems = OpCaseCatalogue.All.Where(opCase => opCase.ModelSizes.Any()).Select(opCase => Stem(opCase.Op));
        Assert.Equal(_elsewhere, KernelSource.Names.Except(stems).Order(StringComparer.Ordinal));

        static string Stem(string op) => string.Concat(op.Select((letter, i) =>
            char.IsUpper(letter) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(letter) : letter.ToString()));
    }
}
