using System.Runtime.ExceptionServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Distributed.Tests;

/// <summary>Ranks on threads of this process that meet over loopback.</summary>
internal static class TcpRanks
{
    /// <summary>Limits that end a test early, and are long enough for a machine that is busy.</summary>
    public static TcpGroupOptions Options(int rank, int worldSize, Coordinator coordinator) => new()
    {
        Rank = rank,
        WorldSize = worldSize,
        Coordinator = coordinator,
        JoinLimit = TimeSpan.FromMinutes(2),
        Heartbeat = TimeSpan.FromMilliseconds(100),
        HeartbeatLimit = TimeSpan.FromSeconds(30),
    };

    /// <summary>Runs a body per rank and returns what they return, in rank order; the first exception by rank is thrown.</summary>
    public static T[] Run<T>(int worldSize, Func<TcpGroup, T> body, Func<TcpGroupOptions, TcpGroupOptions>? change = null)
    {
        var (results, errors) = Try(worldSize, body, change);
        foreach (var error in errors.OfType<Exception>()) ExceptionDispatchInfo.Throw(error);
        return results;
    }

    /// <summary>Runs bodies of which every one must end with the same exception.</summary>
    public static DistributedException Fails(int worldSize, Action<TcpGroup> body, Func<TcpGroupOptions, TcpGroupOptions>? change = null)
    {
        var (_, errors) = Try(worldSize, group =>
        {
            body(group);
            return true;
        }, change);
        var all = errors.Select(error => Assert.IsType<DistributedException>(error)).ToList();
        Assert.Single(all.Select(error => (error.Rank, error.Message)).Distinct());
        return all[0];
    }

    public static (T[] Results, Exception?[] Errors) Try<T>(int worldSize, Func<TcpGroup, T> body,
        Func<TcpGroupOptions, TcpGroupOptions>? change = null)
    {
        using var folder = new TemporaryFolder();
        var results = new T[worldSize];
        var errors = new Exception?[worldSize];
        Thread[] threads = [.. Enumerable.Range(0, worldSize).Select(rank => new Thread(() =>
        {
            try
            {
                var options = Options(rank, worldSize, Coordinator.In(folder["coordinator"]));
                using var group = TcpGroup.Join(change?.Invoke(options) ?? options);
                results[rank] = body(group);
            }
            catch (Exception error)
            {
                errors[rank] = error;
            }
        }) { IsBackground = true })];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return (results, errors);
    }
}
