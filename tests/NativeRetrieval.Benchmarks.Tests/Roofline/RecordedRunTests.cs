using NativeRetrieval.Benchmarks.Roofline;

namespace NativeRetrieval.Benchmarks.Tests.Roofline;

/// <summary>Float32 work by two ways: the counterparts are found, and each GPU takes the faster one.</summary>
public sealed class RecordedRunTests
{
    const string Relu = "kernel\trelu_forward_f32\t16 1 1\t256 1 1\t0\tr 4096 4096\tw 8192 4096";

    static readonly Accelerator _h100 = Accelerator.All.Single(gpu => gpu.Name == "H100");

    /// <summary>
    /// 4096³ takes 137 GFLOP at 0.77 of 66.9 TFLOP/s, 2.7 ms; three times as many at 0.78 of 494.7 take 1.10, both
    /// splits of 268 MB 0.21 ms. 64³ takes a call's time, and the splits theirs beside it.
    /// </summary>
    [Fact]
    public void Three_TF32_products_are_taken_where_they_are_faster()
    {
        var run = RecordedRun.Of(Parse(Product(4096), Relu, Product(64)),
            Parse(Split(4096), Split(4096), Tripled(4096), Relu, Split(64), Split(64), Tripled(64)), parameters: 0);
        Assert.Equal([2, 1, 2], run.Pieces.Select(piece => piece.Ways.Count));
        var taken = run.Fastest(_h100);
        Assert.Equal(["mat_mul_split_f32", "mat_mul_split_f32", "product 4096 x 4096 x 12288", "relu_forward_f32", "product 64 x 64 x 64"],
            taken.Select(item => item.Work.Name));
        Assert.Equal(1.31e-3, taken.Take(3).Sum(item => item.Cost.Seconds(_h100)), 0.01e-3);
        Assert.Equal(2 * 3.0 * 4096 * 4096 * 4096, taken[2].Cost.Flops);
    }

    /// <summary>A GPU whose TF32 is no faster than its float32 takes no splits.</summary>
    [Fact]
    public void Each_GPU_has_its_own_choice()
    {
        var run = RecordedRun.Of(Parse(Product(4096)), Parse(Split(4096), Split(4096), Tripled(4096)), parameters: 0);
        Assert.Equal("product 4096 x 4096 x 4096", Assert.Single(run.Fastest(_h100 with { Tf32 = _h100.Float32 })).Work.Name);
        Assert.Equal(3, run.Fastest(_h100).Count);
    }

    /// <summary>Uploads run beside the computation, whatever the way; what is read is copied behind it.</summary>
    [Fact]
    public void Values_that_come_from_the_host_are_left_out() =>
        Assert.Equal(["relu_forward_f32", "download"],
            RecordedRun.Of(Parse("upload\t64", Relu, "download\t4"), Parse(Relu, "download\t4"), 0).Fastest(_h100)
                .Select(item => item.Work.Name));

    /// <summary>A replay copies its inputs and outputs; the copies of what is launched one by one are among its own.</summary>
    [Fact]
    public void Copies_are_those_of_the_replay() =>
        Assert.Equal(["fill", "relu_forward_f32", "copy", "copy"],
            RecordedRun.Of(Parse("copy\t64", "fill\t64", Relu, "download\t4"), 0)
                .WithTransfers([new("copy", 64), new("copy", 4)]).Fastest(_h100).Select(item => item.Work.Name));

    [Theory]
    [InlineData("another kernel", "counterpart of 'relu_forward_f32', piece 1")]
    [InlineData("an end", "counterpart of 'relu_forward_f32', piece 1")]
    [InlineData("more", "there is more: 'relu_forward_f32'")]
    [InlineData("a split kernel", "counterpart of 'relu_forward_f32', piece 1")]
    public void Runs_that_differ_elsewhere_are_refused(string difference, string message)
    {
        string[] other = difference switch
        {
            "another kernel" => [Product(64), Relu.Replace("relu", "gelu", StringComparison.Ordinal)],
            "an end" => [Product(64)],
            "more" => [Product(64), Relu, Relu],
            _ => [Product(64), Split(64), Product(64)],
        };
        var error = Assert.Throws<InvalidOperationException>(() => RecordedRun.Of(Parse(Product(64), Relu), Parse(other), 0));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    static List<RecordedWork> Parse(params string[] lines) => [.. lines.Select(RecordedWork.Parse)];

    static string Product(int width) => $"product\t{width} {width} {width} 1\t4 4\t68\t1\t1 0\t0";

    static string Tripled(int width) => $"product\t{width} {width} {3 * width} 1\t4 4\t77\t1\t1 0\t0";

    static string Split(int width) =>
        $"kernel\tmat_mul_split_f32\t16 1 1\t256 1 1\t0\tr 4096 {4 * width * width}\tw {1 << 30} {12L * width * width}\ti 1";
}
