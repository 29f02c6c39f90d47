using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Distributed.Tests;

/// <summary>Each way in which a rank ends a job: all others end with one message that names it.</summary>
public sealed partial class FaultTests
{
    const int Stop = 19;

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 0)]
    [InlineData(4, 2)]
    public void A_rank_that_gives_up_is_named_with_its_reason(int world, int guilty)
    {
        var error = TcpRanks.Fails(world, group =>
        {
            using var values = Tensor.Zeros([100_000], CpuDevice.Shared);
            group.AllReduce(values).Wait();
            if (group.Rank == guilty) group.Abort("no memory left");
            SumWithoutEnd(group, values);
        });
        Assert.Equal(guilty, error.Rank);
        Assert.StartsWith($"rank {guilty} ({Environment.MachineName}, process {Environment.ProcessId}) gave up: no memory left",
            error.Message);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    public void A_rank_that_leaves_early_is_named(int world, int guilty)
    {
        var (_, errors) = TcpRanks.Try(world, group =>
        {
            if (group.Rank == guilty) return true;
            group.Barrier();
            return true;
        });
        for (int rank = 0; rank < world; rank++)
        {
            if (rank == guilty) Assert.Null(errors[rank]);
            else Assert.Equal(guilty, Assert.IsType<DistributedException>(errors[rank]).Rank);
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    [InlineData(4, 3)]
    public void A_rank_that_calls_something_else_is_named(int world, int guilty)
    {
        var error = TcpRanks.Fails(world, group =>
        {
            using var values = Tensor.Zeros([group.Rank == guilty ? 7 : 8], CpuDevice.Shared);
            group.AllReduce(values).Wait();
        });
        Assert.Equal(guilty, error.Rank);
        Assert.Contains("AllReduce of 7 Float32 as collective 1", error.Message);
        Assert.Contains("AllReduce of 8 Float32 as collective 1", error.Message);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    public void A_rank_that_does_not_come_to_a_collective_is_named(int world, int guilty)
    {
        using var ended = new CountdownEvent(world - 1);
        var error = TcpRanks.Fails(world, group =>
        {
            if (group.Rank == guilty)
            {
                ended.Wait();
                group.Barrier();
            }
            try
            {
                group.Barrier();
            }
            finally
            {
                ended.Signal();
            }
        }, options => options with { CallLimit = TimeSpan.FromSeconds(1) });
        Assert.Equal(guilty, error.Rank);
        Assert.Contains("hangs: others have waited more than 1 s in collective 2, while it has called 1", error.Message);
    }

    [Fact]
    public void A_failed_group_fails_at_once_ever_after()
    {
        TcpRanks.Fails(2, group =>
        {
            using var values = Tensor.Zeros([10], CpuDevice.Shared);
            if (group.Rank == 1) group.Abort("done for");
            var first = Assert.Throws<DistributedException>(() => SumWithoutEnd(group, values));
            Assert.True(group.Failed.IsCancellationRequested);
            Assert.Equal(first.Message, group.Failure!.Message);
            Assert.Equal(first.Message, Assert.Throws<DistributedException>(() => group.Exchange([1])).Message);
            group.Abort("again");
            Assert.Equal(first.Message, group.Failure.Message);
            group.Barrier();
        });
    }

    [Fact]
    public void Tensors_of_collectives_under_way_outlive_their_scope()
    {
        TcpRanks.Fails(2, group =>
        {
            if (group.Rank == 1)
            {
                group.Abort("early");
                group.Barrier();
            }
            for (int i = 0; i < 100; i++)
            {
                using var values = Tensor.Zeros([100_000], CpuDevice.Shared);
                _ = group.AllReduce(values);
            }
            group.Barrier();
        });
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 0)]
    [InlineData(4, 2)]
    public void A_killed_process_is_named_by_all_others(int world, int guilty)
    {
        Process[] ranks = Start(world);
        ranks[guilty].Kill();
        foreach (var (rank, text) in Ends(ranks, guilty))
        {
            Assert.Equal(RankHost.Failed, ranks[rank].ExitCode);
            Assert.StartsWith($"{guilty}: rank {guilty} ({Environment.MachineName}, process {ranks[guilty].Id}) ended without a word",
                text);
        }
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    public void A_stopped_process_is_named_by_all_others(int world, int guilty)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no signal that stops a process");
        Process[] ranks = Start(world);
        Assert.Equal(0, Signal(ranks[guilty].Id, Stop));
        try
        {
            foreach (var (rank, text) in Ends(ranks, guilty))
            {
                Assert.Equal(RankHost.Failed, ranks[rank].ExitCode);
                Assert.StartsWith($"{guilty}: rank {guilty} ({Environment.MachineName}, process {ranks[guilty].Id}) gave no sign", text);
            }
        }
        finally
        {
            ranks[guilty].Kill();
        }
    }

    static void SumWithoutEnd(TcpGroup group, Tensor values)
    {
        while (true) group.AllReduce(values).Wait();
    }

    /// <summary>Processes that have all summed once.</summary>
    static Process[] Start(int world)
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Process[] ranks = [.. Enumerable.Range(0, world).Select(rank => Process.Start(new ProcessStartInfo("dotnet",
            [typeof(FaultTests).Assembly.Location, RankHost.Argument, $"{rank}", $"{world}", file]) { RedirectStandardOutput = true })!)];
        foreach (var rank in ranks) Assert.Equal(RankHost.Ready, rank.StandardOutput.ReadLine());
        return ranks;
    }

    /// <summary>The last words of all but one.</summary>
    static List<(int Rank, string Text)> Ends(Process[] ranks, int guilty) =>
        [.. ranks.Index().Where(one => one.Index != guilty).Select(one =>
    {
        string text = one.Item.StandardOutput.ReadToEnd();
        one.Item.WaitForExit();
        return (one.Index, text);
    })];

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
