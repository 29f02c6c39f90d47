namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Passes over a limit of <see cref="TrafficLimit"/> with the ratio that they have today. It may not grow, and a line that is within the
/// limit must go: the list only becomes shorter.
/// </summary>
internal static class KnownExcess
{
    static readonly (string Pass, string Limit, double Ratio)[] _known =
    [
    ];

    public static IEnumerable<string> Passes => _known.Select(known => known.Pass);

    public static double? Of(string pass, string limit) =>
        _known.Where(known => (known.Pass, known.Limit) == (pass, limit)).Select(known => (double?)known.Ratio).FirstOrDefault();
}
