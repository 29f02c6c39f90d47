using System.Globalization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// <c>precision</c>: the errors of outputs, gradients and whole training runs against PyTorch's float64, in every precision of a GPU.
/// </summary>
internal static class PrecisionCommand
{
    public const string Name = "precision";

    public const string Usage = $"""
               {Name} FIXTURES [--weights DIR]
                   the errors of each precision of the first GPU against golden values in float64, as doctor --parity takes them
        """;

    public static int Run(string[] arguments)
    {
        if (arguments is not ([_] or [_, "--weights", _]))
        {
            Console.Error.WriteLine($"usage:\n{Usage}");
            return 2;
        }
        try
        {
            return Run(arguments[0], arguments.Length > 1 ? arguments[2] : null) ? 0 : 1;
        }
        catch (NativeRetrievalException error)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    /// <returns>True where every case that has its files passes in every precision.</returns>
    static bool Run(string fixtures, string? weights)
    {
        var precisions = Enum.GetValues<Precision>();
        var results = new Dictionary<(string Case, Precision Precision), ParityResult>();
        string name = "";
        foreach (var precision in precisions)
        {
            using var device = CudaDevice.Open(0, new() { Precision = precision });
            name = device.Properties.Name;
            var folder = new ParityFolder(fixtures, weights, device);
            foreach (var item in Cases) results[(item.Name, precision)] = item.Run(folder);
        }
        Console.WriteLine($"Errors on {name} against float64, each beside its tolerance:");
        Console.WriteLine();
        Console.WriteLine($"| case | {string.Join(" | ", precisions.Select(PrecisionName.Of))} |");
        Console.WriteLine($"|---|{string.Concat(precisions.Select(_ => "---:|"))}");
        foreach (var item in Cases)
        {
            var row = precisions.Select(precision => results[(item.Name, precision)]).ToList();
            if (row[0].Status != ParityStatus.Absent) Console.WriteLine($"| {item.Name} | {string.Join(" | ", row.Select(Cell))} |");
        }
        foreach (var result in results.Values.Where(result => result.Status == ParityStatus.Failed))
            Console.Error.WriteLine($"error: {result.Case.Name}: {result.Detail}");
        return results.Values.All(result => result.Status != ParityStatus.Failed)
            && results.Values.Any(result => result.Status == ParityStatus.Ok);
    }

    /// <summary>The cases that multiply: all others are the same in each precision.</summary>
    static IEnumerable<ParityCase> Cases => ParityCatalogue.All.Where(item => item is { OnAnyDevice: true, Reduced: not null });

    static string Cell(ParityResult result)
    {
        string error = result.Error is { } value ? Number(value) : "-";
        return $"{error} of {Number(result.Tolerance)}{(result.Status == ParityStatus.Failed ? " **FAILED**" : "")}";
    }

    static string Number(double value) => value.ToString(value is >= 0.01 and < 100 ? "0.0##" : "0.0E-0", CultureInfo.InvariantCulture);
}
