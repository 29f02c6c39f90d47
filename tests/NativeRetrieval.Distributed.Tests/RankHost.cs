using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Distributed.Tests;

/// <summary>A rank as a process: it sums without end, and says how the job ended.</summary>
internal static class RankHost
{
    public const string Argument = "rank-host";

    /// <summary>Printed once the first sum is there.</summary>
    public const string Ready = "ready";

    public const int Failed = 6;

    public static int Run(int rank, int worldSize, string file)
    {
        try
        {
            using var group = TcpGroup.Join(new()
            {
                Rank = rank,
                WorldSize = worldSize,
                Coordinator = Coordinator.In(file),
                Heartbeat = TimeSpan.FromMilliseconds(200),
                HeartbeatLimit = TimeSpan.FromSeconds(5),
            });
            for (int step = 0; ; step++)
            {
                using var values = Tensor.From([.. Enumerable.Repeat(1f, 100_000)], [100_000], CpuDevice.Shared);
                group.AllReduce(values).Wait();
                if (values.ToArray<float>().Any(value => value != worldSize)) return 1;
                if (step == 0) Console.Out.WriteLine(Ready);
            }
        }
        catch (DistributedException error)
        {
            Console.Out.WriteLine($"{error.Rank}: {error.Message}");
            return Failed;
        }
    }
}
