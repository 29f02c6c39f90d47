using System.Globalization;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>A limit that every pass is held to, and the name of what it limits.</summary>
/// <param name="Most">The largest ratio that passes.</param>
internal sealed record TrafficLimit(string Name, double Most, Func<PassTraffic, double> Of)
{
    public static readonly TrafficLimit Moved = new("moved", 1.1, pass => pass.Moved);
    public static readonly TrafficLimit Sectors = new("sectors", 1.25, pass => pass.Sectors);
    public static readonly TrafficLimit Ways = new("ways", 2, pass => pass.Ways);

    public static readonly IReadOnlyList<TrafficLimit> All = [Moved, Sectors, Ways];

    /// <summary>Complaint about a pass; null where it is within the limit.</summary>
    public string? Check(PassTraffic pass)
    {
        double ratio = Math.Round(Of(pass), 3);
        return ratio > Most ? $"{pass.Name}: \"{Name}\" is {Text(ratio)}, the limit is {Text(Most)}\n{pass}" : null;
    }

    static string Text(double ratio) => ratio.ToString("0.###", CultureInfo.InvariantCulture);
}
