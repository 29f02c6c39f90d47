using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Holds a device to PyTorch's numbers and prints the comparison as a Markdown table.</summary>
internal static class PeerParity
{
    /// <summary>
    /// Both sides round float32 differently and deep networks amplify it: where PyTorch's own float32 is further than half the
    /// tolerance from its float64, twice its distance is allowed.
    /// </summary>
    const double OwnErrors = 2;

    /// <returns>True where every case holds.</returns>
    public static bool Run(Device device, PeerDocument peer)
    {
        Console.WriteLine(
            $"float32 on {device} against PyTorch {peer.Torch} in float64 on {peer.Device}; relative L2, the worst tensor of each case.");
        Console.WriteLine();
        Console.WriteLine("| case | tensors | ours | PyTorch's float32 | allowed | | worst tensor |");
        Console.WriteLine("|---|---:|---:|---:|---:|---|---|");
        var comparison = new PeerComparison(device, peer.Sizes);
        bool holds = true;
        foreach (var item in peer.Cases) holds &= Compare(comparison, item);
        if (peer.TrainingSmall is { } training)
        {
            Console.WriteLine();
            Console.WriteLine(
                $"The golden training run of 20 steps in PyTorch's float32 on {peer.Device}: its worst loss error is "
                + $"{Text(training.ShareOfAllowed ?? double.NaN)} times what the fixture allows (above 1: it would not pass itself).");
        }
        return holds;
    }

    static bool Compare(PeerComparison comparison, PeerCase item)
    {
        Dictionary<string, float[]> ours;
        try
        {
            ours = comparison.Compute(item.Name);
        }
        // One case that cannot be computed must not hide the others.
        catch (Exception error)
        {
            Console.WriteLine($"| {item.Name} | {item.Tensors.Count} | - | - | {Text(item.Tolerance)} | **FAILED** | {Cell(error)} |");
            return false;
        }
        var errors = item.Tensors.Select(tensor =>
        {
            double error = ours.TryGetValue(tensor.Name, out float[]? values) ? tensor.ErrorOf(values) : double.PositiveInfinity;
            double allowed = Math.Max(item.Tolerance, OwnErrors * tensor.OwnError);
            double share = double.IsNaN(error) ? double.PositiveInfinity : error / allowed;
            return (tensor.Name, Error: error, tensor.OwnError, Allowed: allowed, Share: share);
        }).ToList();
        var worst = errors.MaxBy(tensor => tensor.Share);
        bool holds = errors.Count > 0 && worst.Share <= 1;
        Console.WriteLine(
            $"| {item.Name} | {errors.Count} | {Text(worst.Error)} | {Text(worst.OwnError)} | {Text(worst.Allowed)} | "
            + $"{(holds ? "ok" : "**FAILED**")} | {worst.Name} |");
        return holds;
    }

    /// <summary>An error in one line of a table.</summary>
    public static string Cell(Exception error) => $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ").Replace("|", "/")}";

    static string Text(double value) => value.ToString("G3", System.Globalization.CultureInfo.InvariantCulture);
}
