using System.ComponentModel;
using System.Diagnostics;
using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Roofline;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Tests.Roofline;

/// <summary>Small work as the backend queues it: launches and operations are those that its sizes say.</summary>
[Collection("recording emulator")]
public sealed class RecordedStepTests
{
    /// <summary>8 pairs of 32 numbers with gradients: a product of scores and two of gradients, each of three TF32 products.</summary>
    [Fact]
    public void A_loss_is_its_products()
    {
        var work = First(Record("nt-xent", Precision.Float32));
        Assert.Equal(["scores", "merge", "gradient", "products"],
            work.OfType<RecordedKernel>().Select(kernel => kernel.Name.Split('_')[2]));
        Assert.Empty(work.OfType<RecordedProduct>());
        Assert.Equal(3 * 3 * 2.0 * 8 * 8 * 32, work.Sum(Flops));
    }

    /// <summary>
    /// A 2-layer sentence encoder of 24 numbers: 4 products of width² and 2 of the hidden layer for each of 64 rows, which 24 tokens are
    /// filled up to; in the last layer 1 and 2 of them for the sentences' first tokens alone.
    /// </summary>
    [Fact]
    public void An_encoder_counts_what_its_sizes_say()
    {
        const int Rows = 64, Width = 24, Hidden = 40;
        double attention = 3 * Width * Width, behind = Width * Width + 2 * Width * Hidden;
        Assert.Equal(2 * (Rows * (attention + behind) + Rows * attention + WorkloadSizes.Small.Sentences * behind),
            First(Record("bert", Precision.Tf32)).Sum(Flops));
    }

    /// <summary>
    /// Each product and convolution in float32 is recorded by both ways: as it is, and as both operands' split and three times as many
    /// operations in TF32. The loss splits its operands itself. In TF32 there is one way.
    /// </summary>
    [Theory]
    [InlineData("bert")]
    [InlineData("cnn14")]
    [InlineData("training-step")]
    public void Float32_has_two_ways_to_each_product_and_convolution(string name)
    {
        var pieces = Record(name, Precision.Float32).Pieces;
        var both = pieces.Where(piece => piece.Ways.Count == 2).ToList();
        int exact = pieces.Count(piece => piece.Ways[0][0] is RecordedProduct or RecordedConvolution
            && WorkCost.Of(piece.Ways[0][0], 0)!.Precision == Precision.Float32);
        Assert.Equal(exact, both.Count);
        Assert.NotEmpty(both);
        Assert.All(both, piece =>
        {
            Assert.Equal(["mat_mul_split_f32", "mat_mul_split_f32"], piece.Ways[1].SkipLast(1).Select(work => work.Name));
            WorkCost direct = WorkCost.Of(Assert.Single(piece.Ways[0]), 0)!, split = WorkCost.Of(piece.Ways[1][^1], 0)!;
            Assert.Equal((Precision.Float32, Precision.Tf32), (direct.Precision, split.Precision));
            Assert.Equal(3 * direct.Flops, split.Flops);
        });
        Assert.All(Record(name, Precision.Tf32).Pieces, piece => Assert.Single(piece.Ways));
    }

    static double Flops(RecordedWork work) => work is RecordedProduct or RecordedKernel ? WorkCost.Of(work, 0)!.Flops : 0;

    static List<RecordedWork> First(RecordedRun run) => [.. run.Pieces.SelectMany(piece => piece.Ways[0])];

    /// <summary>A device of the emulator, which writes work down and does none.</summary>
    internal static CudaDevice Open(Precision precision, bool graphs)
    {
        Start();
        return WorkRecorder.Open(precision, graphs);
    }

    static void Start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && HasCompiler(), "needs g++ on Linux to build the CUDA emulator");
        WorkRecorder.Start();
    }

    static RecordedRun Record(string name, Precision precision)
    {
        Start();
        return WorkRecorder.Record(DeviceWorkloads.Of(WorkloadSizes.Small).First(workload => workload.Name == name), precision);
    }

    static bool HasCompiler()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("g++", ["--version"]) { RedirectStandardOutput = true })!;
            probe.StandardOutput.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
