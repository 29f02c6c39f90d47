using System.Globalization;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>A pass of an op at a model's size: what its launches moved, related to the least.</summary>
/// <param name="Case">Type name of the op case.</param>
/// <param name="Pass"><c>forward</c> or <c>backward</c>.</param>
internal sealed record PassTraffic(string Case, string Size, string Pass, long LeastBytes, IReadOnlyList<CountedLaunch> Launches)
{
    /// <summary>Bytes that may be moved beyond the least: sums, lengths, parameters.</summary>
    const long Small = 4096;

    /// <summary>Every sector that must be moved, once for each launch, over the least; 0 where the least is nothing and no more is moved.</summary>
    public double Moved
    {
        get
        {
            double moved = 32.0 * Launches.Sum(launch => (double)(launch.Counters.Read.Unique + launch.Counters.Written.Unique));
            return Math.Max(0, moved - Small) / Math.Max(LeastBytes, 1);
        }
    }

    /// <summary>Sectors of all requests over what they would take at best.</summary>
    public double Sectors
    {
        get
        {
            double ideal = Launches.Sum(launch => (double)(launch.Counters.Read.Ideal + launch.Counters.Written.Ideal));
            return Launches.Sum(launch => (double)(launch.Counters.Read.Sectors + launch.Counters.Written.Sectors)) / Math.Max(ideal, 1);
        }
    }

    /// <summary>Passes over shared memory's banks that the worst request takes for each that it needs.</summary>
    public double Ways => Launches.Count == 0 ? 0 : Launches.Max(launch => (double)launch.Counters.SharedWays);

    /// <summary>The passes of a case at one size.</summary>
    public static IReadOnlyList<PassTraffic> Of(OpCase opCase, string size, TestDevice test)
    {
        var passes = new List<PassTraffic>();
        var cost = opCase.Cost(size);
        test.Run(device =>
        {
            new OpCaseRunner(opCase, size, device).Watch(
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
                        passes.Add(new(opCase.GetType().Name, size, backward ? "backward" : "forward", least, launches));
                });
            return true;
        });
        return passes;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Case} {Size} {Pass}: {Moved:F3} of the least {LeastBytes} bytes, {Sectors:F3} of the ideal sectors, {Ways} ways\n")
        + string.Concat(Launches.Select(launch => string.Create(CultureInfo.InvariantCulture,
            $"  {launch.Kernel}: reads {launch.Counters.Read.Unique * 32}, writes {launch.Counters.Written.Unique * 32} bytes; "
            + $"sectors {launch.Counters.Read.Sectors + launch.Counters.Written.Sectors} of {launch.Counters.Read.Ideal + launch.Counters.Written.Ideal}; "
            + $"{launch.Counters.SharedWays} ways; {launch.Counters.Atomics} atomics, {launch.Counters.Mma} mma\n")
            + string.Concat(launch.DearSites.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"    {line}\n"))));
}
