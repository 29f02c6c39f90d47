using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Distributed;

namespace NativeRetrieval.Distributed.Tests.Nccl;

/// <summary>A rank with a device of its own, as a process: does what a script says, and tells how it ended.</summary>
internal static class NcclHost
{
    public const string Argument = "nccl-host";

    /// <summary>All collectives, with values that are checked.</summary>
    public const string All = "all";

    /// <summary>Sums without end.</summary>
    public const string Endless = "endless";

    /// <summary>Rank 1 sums fewer elements than the others.</summary>
    public const string Differ = "differ";

    /// <summary>Rank 1 does not come to the second sum.</summary>
    public const string Absent = "absent";

    public const string Ready = "ready";

    public static int Run(int rank, int worldSize, string file, string script)
    {
        try
        {
            using var control = TcpGroup.Join(new()
            {
                Rank = rank,
                WorldSize = worldSize,
                Coordinator = Coordinator.In(file),
                Heartbeat = TimeSpan.FromMilliseconds(200),
                HeartbeatLimit = TimeSpan.FromSeconds(60),
                CallLimit = TimeSpan.FromSeconds(script == Absent ? 2 : 600),
            });
            using var device = CudaDevice.Open();
            using var group = NcclGroup.Open(device, control);
            try
            {
                return Do(group, device, script);
            }
            catch (NativeRetrievalException error) when (error is not DistributedException)
            {
                group.Abort(error.Message);
                group.Barrier();
                throw;
            }
        }
        catch (DistributedException error)
        {
            Console.Out.WriteLine($"{error.Rank}: {error.Message}");
            return RankHost.Failed;
        }
    }

    static int Do(NcclGroup group, CudaDevice device, string script)
    {
        switch (script)
        {
            case All:
                for (int step = 0; step < 3; step++) DoAll(group, device, step);
                group.Barrier();
                Console.Out.WriteLine("done");
                return 0;
            case Differ:
                Sum(group, device, group.Rank == 1 ? 7 : 8);
                return 1;
            case Absent:
                Sum(group, device, 8);
                if (group.Rank == 1)
                {
                    Thread.Sleep(Timeout.Infinite);
                }
                Sum(group, device, 8);
                return 1;
            default:
                for (bool first = true; ; first = false)
                {
                    Sum(group, device, 10_000);
                    if (first) Console.Out.WriteLine(Ready);
                }
        }
    }

    static void Sum(NcclGroup group, CudaDevice device, int count)
    {
        using var ones = Tensor.From([.. Enumerable.Repeat(1f, count)], [count], device);
        group.AllReduce(ones).Wait();
        float[] sums = ones.ToArray<float>();
        group.Barrier(); // an aborted collective leaves anything behind: now it is known to have ended
        Require(sums.All(value => value == group.WorldSize), "sums of ones");
    }

    /// <summary>Each collective between work on the computing stream before it and behind it, all queued before anything is read.</summary>
    static void DoAll(NcclGroup group, CudaDevice device, int step)
    {
        using var scope = TensorScope.Begin();
        int world = group.WorldSize, rank = group.Rank;
        var source = Tensor.From([.. Enumerable.Range(0, 100).Select(i => i + 0.5f * rank + step)], [10, 10], device);
        var sum = Tensor.Zeros([10, 10], device);
        sum.CopyFrom(source);
        var summing = group.AllReduce(sum);
        var counts = Tensor.From([.. Enumerable.Range(0, 5).Select(i => (long)i << 40 | (uint)rank)], [5], device);
        var counting = group.AllReduce(counts);
        var part = Tensor.Zeros([10, 10], device);
        part.CopyFrom(source);
        var whole = Tensor.Zeros([10 * world, 10], device);
        var gathering = group.AllGather(part, whole);
        var sent = Tensor.Zeros([10, 10], device);
        sent.CopyFrom(source);
        var sending = group.Broadcast(sent, world - 1);
        var flags = Tensor.From([(byte)rank, (byte)7, (byte)rank], [3], device);
        var flagging = group.Broadcast(flags, 0);

        summing.Wait();
        var summed = Tensor.Zeros([10, 10], device);
        summed.CopyFrom(sum);
        ICollectiveWork[] rest = [flagging, sending, gathering, counting];
        foreach (var work in rest) work.Wait();
        sum.CopyFrom(source); // behind the copy of the sum

        int ranks = world * (world - 1) / 2;
        Require(summed.ToArray<float>().SequenceEqual(Enumerable.Range(0, 100).Select(i => (i + step) * (float)world + 0.5f * ranks)),
            "sums");
        Require(sum.ToArray<float>().SequenceEqual(source.ToArray<float>()), "the source");
        Require(counts.ToArray<long>().SequenceEqual(Enumerable.Range(0, 5).Select(i => ((long)i << 40) * world + ranks)), "counts");
        Require(whole.ToArray<float>().SequenceEqual(Enumerable.Range(0, 100 * world).Select(i => i % 100 + 0.5f * (i / 100) + step)),
            "parts");
        Require(sent.ToArray<float>().SequenceEqual(Enumerable.Range(0, 100).Select(i => i + 0.5f * (world - 1) + step)), "a broadcast");
        Require(flags.ToArray<byte>().SequenceEqual([(byte)0, (byte)7, (byte)0]), "bytes");
        Require(group.Waited > TimeSpan.Zero, "the time waited");
    }

    static void Require(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"{what} are wrong");
    }
}
