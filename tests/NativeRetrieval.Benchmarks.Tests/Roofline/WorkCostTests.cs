using NativeRetrieval.Benchmarks.Roofline;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Tests.Roofline;

/// <summary>
/// Bytes, operations and seconds of recorded lines, worked out by hand for an H100: 3352 GB/s, 66.9, 494.7 and 989.4 TFLOP/s.
/// </summary>
public sealed class WorkCostTests
{
    /// <summary>
    /// Bandwidth: 0.897 is reached by a copy and 0.845 of that by kernels; 2.5 us are a kernel's least and 0.7 lie between two.
    /// </summary>
    const double Memory = 3352e9 * 0.897 * 0.845, Kernel = 3.2e-6;

    /// <summary>A library's call beside its products.</summary>
    const double ForwardCall = 4.1e-6, GradientCall = 10e-6;

    static readonly Accelerator _h100 = Accelerator.All.Single(gpu => gpu.Name == "H100");

    /// <summary>A tensor that two pointers show is read once; numbers move nothing.</summary>
    [Fact]
    public void A_kernel_moves_what_its_pointers_show_and_computes_nothing()
    {
        var cost = CostOf("kernel\trelu_forward_f32\t16 1 1\t256 1 1\t0\tr 4096 1048576"
            + "\tr 4096 1048576\tr 8192 524288\tw 12288 2097152\ti 7");
        Assert.Equal(1048576 + 524288 + 2097152, cost.Bytes);
        Assert.Equal(0, cost.Flops);
        Assert.Equal(3670016 / Memory + Kernel, cost.Seconds(_h100), 1e-12);
    }

    [Fact]
    public void A_kernel_of_few_bytes_takes_what_every_kernel_takes() =>
        Assert.Equal(Kernel, CostOf("kernel\tsum_forward_f32\t1 1 1\t32 1 1\t0\tr 4096 512\tw 8192 4").Seconds(_h100), 1e-9);

    /// <summary>Their pointers show a table of addresses, and the whole table of words: parameters and what is written count.</summary>
    [Fact]
    public void Kernels_over_tables_are_priced_by_what_they_update()
    {
        Assert.Equal(28.0 * 1000, CostOf("kernel\tadam_step_f32\t1 1 1\t256 1 1\t0\tr 4096 64\tf 0.1", parameters: 1000).Bytes);
        Assert.Equal(2.0 * 6144,
            CostOf("kernel\tembedding_forward_f32\t1 1 1\t256 1 1\t0\tr 4096 93763584\tr 8192 128\tw 12288 6144").Bytes);
        Assert.Equal(1.5 * (128 + 49152),
            CostOf("kernel\tembedding_join_f32\t8 1 1\t192 1 1\t0\tr 4096 128\tr 8192 49152\tw 12288 93763584").Bytes);
    }

    /// <summary>A row of 1024 numbers for each key of 208 that is written, however large the table.</summary>
    [Fact]
    public void Rows_that_are_scored_again_are_counted_by_their_keys() => Assert.Equal(208.0 * 4 * 1024,
        CostOf("kernel\tsearch_rows_again_f32\t26 1 1\t256 1 1\t0\tr 4096 4294967296\tr 8192 4096"
            + "\tr 12288 1664\tw 16384 1664\ti 1024\ti 1\ti 208")
            .Bytes);

    /// <summary>
    /// 1024³ in float32: 64 tiles of 128 x 128, each sum in two parts, fill 128 of 132 multiprocessors, which reach 0.77 of 66.9 TFLOP/s.
    /// </summary>
    [Fact]
    public void A_product_is_bound_by_arithmetic_and_by_its_tiles()
    {
        var cost = CostOf("product\t1024 1024 1024 1\t4 4\t68\t1\t1 0\t0");
        Assert.Equal(3 * 4 * 1024 * 1024, cost.Bytes);
        Assert.Equal(2.0 * 1024 * 1024 * 1024, cost.Flops);
        Assert.Equal(Precision.Float32, cost.Precision);
        Assert.Equal(2147483648 / (66.9e12 * 0.77 * 128 / 132) + Kernel + ForwardCall, cost.Seconds(_h100), 1e-12);
    }

    /// <summary>A matrix that is added is read beside the operands: 3 of 64 x 64, its own, and nothing else.</summary>
    [Fact]
    public void A_product_reads_what_it_adds() =>
        Assert.Equal(4 * 4.0 * 64 * 64, CostOf("product\t64 64 64 1\t4 4\t77\t1\t0 0\t16384").Bytes);

    /// <summary>Two products of a gradient in one call, in TF32: 0.78 of 494.7 TFLOP/s, and one call.</summary>
    [Fact]
    public void Several_products_of_a_call_are_several_times_the_work_of_one()
    {
        var cost = CostOf("product\t1024 1024 3072 2\t4 4\t77\t1\t0 1\t0");
        Assert.Equal(2.0 * 4 * (1024 * 3072 + 1024 * 3072 + 1024 * 1024), cost.Bytes);
        Assert.Equal(2.0 * 2 * 1024 * 1024 * 3072, cost.Flops);
        Assert.Equal(Precision.Tf32, cost.Precision);
        Assert.Equal(cost.Flops / (494.7e12 * 0.78 * 128 / 132) + Kernel + GradientCall, cost.Seconds(_h100), 1e-12);
    }

    [Theory]
    [InlineData("product\t64 64 64 1\t2 2\t68\t1\t1 0\t0", Precision.BFloat16)]
    [InlineData("product\t64 64 64 1\t4 4\t77\t1\t1 0\t0", Precision.Tf32)]
    [InlineData("convolution\tforward\t2 64 10 8\t128 3 3\t10 8\t4 4\t3\t0", Precision.Float32)]
    [InlineData("convolution\tforward\t2 64 10 8\t128 3 3\t10 8\t4 4\t0\t0", Precision.Tf32)]
    [InlineData("convolution\tforward\t2 64 10 8\t128 3 3\t10 8\t2 2\t0\t0", Precision.BFloat16)]
    [InlineData("convolution\tforward\t2 1 10 8\t128 3 3\t10 8\t4 4\t0\t0", Precision.Float32)]
    public void Operands_and_mode_decide_the_precision(string line, Precision precision) =>
        Assert.Equal(precision, CostOf(line).Precision);

    /// <summary>Every direction of a convolution is 2·N·K·H·W·C·9 operations on the same three tensors.</summary>
    [Theory]
    [InlineData("forward")]
    [InlineData("data")]
    [InlineData("filter")]
    public void A_convolution_counts_its_taps(string direction)
    {
        var cost = CostOf($"convolution\t{direction}\t2 64 10 8\t128 3 3\t10 8\t4 4\t0\t0");
        Assert.Equal(2.0 * 2 * 128 * 80 * 64 * 9, cost.Flops);
        Assert.Equal(4.0 * (2 * 64 * 80 + 2 * 128 * 80 + 128 * 64 * 9), cost.Bytes);
        const int Summand = 4 * 2 * 128 * 80;
        Assert.Equal(cost.Bytes + Summand, CostOf($"convolution\t{direction}\t2 64 10 8\t128 3 3\t10 8\t4 4\t0\t{Summand}").Bytes);
    }

    /// <summary>A copy reads and writes; what comes from the host goes beside a step, what is read comes behind it.</summary>
    [Fact]
    public void Copies_count_twice_and_what_comes_from_the_host_not_at_all()
    {
        Assert.Equal(2.0 * 4096, CostOf("copy\t4096").Bytes);
        Assert.Equal(4096.0, CostOf("fill\t4096").Bytes);
        Assert.Null(WorkCost.Of(RecordedWork.Parse("upload\t4096"), 0));
        Assert.Equal(4096.0, CostOf("download\t4096").Bytes);
    }

    /// <summary>The same bytes on more bandwidth take less time, by as much.</summary>
    [Fact]
    public void Time_of_memory_follows_the_data_sheet()
    {
        var cost = CostOf("kernel\trelu_forward_f32\t16 1 1\t256 1 1\t0\tr 4096 1073741824\tw 8192 1073741824");
        double[] seconds = [.. Accelerator.All.Select(gpu => (cost.Seconds(gpu) - Kernel) * gpu.Gigabytes)];
        Assert.All(seconds, value => Assert.Equal(seconds[0], value, 1e-9));
    }

    static WorkCost CostOf(string line, long parameters = 0) => WorkCost.Of(RecordedWork.Parse(line), parameters)!;
}
