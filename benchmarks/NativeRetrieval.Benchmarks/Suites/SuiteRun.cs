using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>One run of suites: beside a peer, or alone where there is none.</summary>
internal static class SuiteRun
{
    /// <summary>Exit code of a run whose peer does not run here: nothing was timed.</summary>
    const int NoPeer = 3;

    public static int Run(SuiteOptions options)
    {
        var peer = options.Peer is null ? null : PeerProcess.TryStart(options.Peer);
        if (options.Peer is not null && peer is null)
        {
            Console.Error.WriteLine("Nothing was timed. Ours alone: --peer none");
            return NoPeer;
        }
        try
        {
            return options.Check ? Check(options, peer) : Time(options, ref peer);
        }
        finally
        {
            peer?.Dispose();
        }
    }

    /// <param name="peer">Starts anew for each suite: what a suite leaves in its memory, or in ours, is no other suite's burden.</param>
    static int Time(SuiteOptions options, ref PeerProcess? peer)
    {
        var now = DateTime.UtcNow;
        var report = new Report(now, peer?.Name);
        report.Begin();
        string? stem = options.To ?? (options.Save ? Report.Stem(now) : null);
        var highest = Ceilings.Measure();
        var before = highest;
        foreach (var suite in options.Suites)
        {
            var result = SuiteResult.Load(options.To, suite, peer?.Name);
            if (result is null)
            {
                ProcessMemory.Reset();
                var rows = suite.Run(new Bench(options.Rounds, peer)).ToList();
                CpuDevice.Shared.ReleaseIdle();
                Restart(ref peer);
                var after = Ceilings.Measure();
                result = new(peer?.Name, Ceilings.Highest(before, after), rows);
                before = after;
                if (options.To is not null) result.Save(options.To, suite);
            }
            foreach (var row in result.Rows) report.Add(row, result.Ceilings);
            highest = Ceilings.Highest(highest, result.Ceilings);
        }
        report.End(highest);
        if (stem is not null)
        {
            report.Save(stem);
            if (options.To is not null)
                foreach (var suite in options.Suites) SuiteResult.Delete(options.To, suite);
            Console.Error.WriteLine($"written to {stem}.md and .json");
        }
        return 0;
    }

    static void Restart(ref PeerProcess? peer)
    {
        if (peer?.Program is not { } program) return;
        peer.Dispose();
        peer = PeerProcess.TryStartBuilt(program, out string? reason);
        if (peer is null) throw new InvalidOperationException($"{program.Project} ran and does not start again: {reason}");
    }

    /// <summary>Runs each suite without its timed rounds: what differs from the peer's stops it.</summary>
    static int Check(SuiteOptions options, PeerProcess? peer)
    {
        Console.WriteLine($"Results beside {peer?.Name ?? "none"}; nothing is timed.");
        var bench = new Bench(Bench.Untimed, peer);
        foreach (var row in options.Suites.SelectMany(suite => suite.Run(bench)))
            Console.WriteLine($"{row.Suite}, {row.Shape}: {(row.PeerMs is null ? "the peer has none" : "same")}");
        return 0;
    }
}
