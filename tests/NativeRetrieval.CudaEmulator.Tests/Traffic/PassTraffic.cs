using System.Globalization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>A pass of an op at a model's size: what its launches moved, related to the least.</summary>
/// <param name="Name">Case, size, stored type and pass: <c>GeluCase 32x3072 f32 forward</c>.</param>
internal sealed record PassTraffic(string Name, long LeastBytes, IReadOnlyList<CountedLaunch> Launches)
{
    const double SectorBytes = 32;

    /// <summary>Bytes that may be moved beyond the least: sums, lengths, parameters.</summary>
    const double SmallBytes = 4096;

    /// <summary>Bytes that must be moved, each sector once for each launch, over the least.</summary>
    public double Moved
    {
        get
        {
            double moved = SectorBytes * Sum(counters => counters.Read.Unique + counters.Written.Unique);
            return Math.Max(0, moved - SmallBytes) / Math.Max(LeastBytes, 1);
        }
    }

    /// <summary>Sectors of all requests over what they would take at best.</summary>
    public double Sectors => Sum(counters => counters.Read.Sectors + counters.Written.Sectors)
        / Math.Max(1, Sum(counters => counters.Read.Ideal + counters.Written.Ideal));

    /// <summary>Passes over the banks of shared memory that the worst program point takes for each that it needs.</summary>
    public double Ways => Launches.Select(launch => launch.Counters.SharedWays).DefaultIfEmpty().Max();

    /// <summary>The passes of a case at one size.</summary>
    /// <param name="recorded">False: forward alone, without a tape.</param>
    public static IReadOnlyList<PassTraffic> Of(OpCase opCase, string size, DType stored, TestDevice test, bool recorded = true)
    {
        var passes = new List<PassTraffic>();
        var (type, element) = stored == DType.BFloat16 ? ("bf16", 2) : ("f32", sizeof(float));
        var cost = opCase.Cost(size, element);
        test.Run(device =>
        {
            new OpCaseRunner(opCase, size, device, stored).Watch(
                () =>
                {
                    device.Synchronize();
                    CountedLaunch.Begin();
                },
                backward =>
                {
                    device.Synchronize();
                    var launches = CountedLaunch.End();
                    if ((backward ? cost.BackwardBytes : cost.ForwardBytes) is { } least)
                        passes.Add(new($"{opCase.GetType().Name} {size} {type} {(backward ? "backward" : "forward")}", least, launches));
                },
                recorded);
            return true;
        });
        return passes;
    }

    /// <summary>The pass, its launches and their dearest program points: what a message needs.</summary>
    public override string ToString()
    {
        var lines = new List<string>
        {
            F($"{Name}: {Moved:F3} of the least {LeastBytes} bytes, {Sectors:F3} of the ideal sectors, {Ways:F2} ways"),
        };
        foreach (var (kernel, _, _, counters, sites) in Launches)
        {
            var (read, written) = (counters.Read, counters.Written);
            lines.Add(F($"  {kernel}: reads {SectorBytes * read.Unique} and writes {SectorBytes * written.Unique} bytes, ")
                + F($"{read.Sectors + written.Sectors} sectors where {read.Ideal + written.Ideal} would do, ")
                + F($"{counters.SharedWays:F2} ways, {counters.Atomics} atomics, {counters.Mma} mma"));
            lines.AddRange(sites.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(site => "    " + site));
        }
        return string.Join('\n', lines);

        static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    double Sum(Func<LaunchCounters, ulong> count) => Launches.Sum(launch => (double)count(launch.Counters));
}
