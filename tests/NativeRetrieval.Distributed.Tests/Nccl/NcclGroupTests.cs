using System.Diagnostics;
using NativeRetrieval.CudaEmulator.Tests;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Distributed.Tests.Nccl;

/// <summary>NCCL's group over the look-alike library of the emulator, between processes.</summary>
public sealed class NcclGroupTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public NcclGroupTests() => Emulator.Require();

    [Theory]
    [InlineData(2, "forward")]
    [InlineData(2, "reverse")]
    [InlineData(3, "random")]
    public void Collectives_give_the_right_values_in_any_order_of_streams(int world, string order)
    {
        foreach (var (code, output, error) in End(Start(world, NcclHost.All, order)))
            Assert.True(code == 0 && output.Contains("done"), $"{code}: {output}{error}");
    }

    [Fact]
    public void Ranks_that_call_different_sizes_all_end()
    {
        var ends = End(Start(2, NcclHost.Differ));
        Assert.All(ends, end => Assert.Equal(RankHost.Failed, end.Code));
        Assert.Contains(ends, end => end.Error.Contains("rank 1 calls ncclAllReduce(count 7, type 7, op 0) as number 0, rank 0 calls "
            + "ncclAllReduce(count 8, type 7, op 0) as number 0"));
    }

    [Fact]
    public void A_killed_rank_ends_the_collectives_of_the_others()
    {
        var ranks = Start(3, NcclHost.Endless);
        foreach (var rank in ranks) Assert.Equal(NcclHost.Ready, rank.StandardOutput.ReadLine());
        ranks[1].Kill();
        var ends = End(ranks);
        foreach (int other in (int[])[0, 2])
        {
            Assert.Equal(RankHost.Failed, ends[other].Code);
            Assert.StartsWith($"1: rank 1 ({Environment.MachineName}, process {ranks[1].Id}) ended without a word", ends[other].Output);
        }
    }

    [Fact]
    public void A_rank_that_does_not_come_is_named_and_what_waits_on_the_device_is_aborted()
    {
        var ranks = Start(2, NcclHost.Absent);
        var (code, output, error) = End([ranks[0]])[0];
        ranks[1].Kill();
        Assert.True(code == RankHost.Failed, $"{output}{error}");
        Assert.StartsWith($"1: rank 1 ({Environment.MachineName}, process {ranks[1].Id}) hangs", output);
    }

    [Fact]
    public void Two_ranks_on_one_GPU_are_refused()
    {
        var ends = End(Start(2, NcclHost.All, device: _ => 5));
        Assert.All(ends, end => Assert.Equal(RankHost.Failed, end.Code));
        Assert.All(ends, end => Assert.StartsWith("1: ranks 0 and 1 have the same GPU, cuda:0", end.Output));
    }

    public void Dispose() => _folder.Dispose();

    Process[] Start(int world, string script, string order = "forward", Func<int, int>? device = null) =>
    [
        .. Enumerable.Range(0, world).Select(rank =>
        {
            var start = new ProcessStartInfo("dotnet",
                [typeof(NcclHost).Assembly.Location, NcclHost.Argument, $"{rank}", $"{world}", _folder["meet"], script])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["NR_EMU_ORDER"] = order;
            start.Environment["NR_EMU_DEVICE"] = $"{device?.Invoke(rank) ?? rank}";
            return Process.Start(start)!;
        }),
    ];

    static List<(int Code, string Output, string Error)> End(Process[] ranks) =>
    [
        .. ranks.Select(rank =>
        {
            var error = rank.StandardError.ReadToEndAsync();
            string output = rank.StandardOutput.ReadToEnd();
            rank.WaitForExit();
            return (rank.ExitCode, output, error.GetAwaiter().GetResult());
        }),
    ];
}
