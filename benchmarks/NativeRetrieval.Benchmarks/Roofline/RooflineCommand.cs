using System.Globalization;
using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>
/// <c>roofline</c>: each launch of a workload with its bytes and operations, and how long it should take on three GPUs, beside what one
/// of them measured.
/// </summary>
internal static class RooflineCommand
{
    public const string Name = "roofline";

    public const string Usage = $"""
               {Name} [WORKLOAD…] [--precision fp32|tf32|bf16]… [--launches] [--small]
                   what each launch moves and computes, and its predicted time on A100, H100 and H200; needs g++, no GPU
        """;

    static readonly (string Name, Precision Precision)[] _precisions =
        [("fp32", Precision.Float32), ("tf32", Precision.Tf32), ("bf16", Precision.BFloat16)];

    public static int Run(string[] arguments)
    {
        bool launches = false, small = false;
        List<string> workloads = [], precisions = [];
        for (int i = 0; i < arguments.Length; i++)
            switch (arguments[i])
            {
                case "--launches": launches = true; break;
                case "--small": small = true; break;
                case "--precision" when i + 1 < arguments.Length && _precisions.Any(known => known.Name == arguments[i + 1]):
                    precisions.Add(arguments[++i]);
                    break;
                case var word when !word.StartsWith('-'): workloads.Add(word); break;
                default:
                    Console.Error.WriteLine($"unknown argument '{arguments[i]}'; usage:\n{Usage}");
                    return 2;
            }
        DeviceWorkload[] known = [.. DeviceWorkloads.Of(small ? WorkloadSizes.Small : WorkloadSizes.Full)
            .Where(workload => workload.Name is not (DeviceWorkloads.Copy or DeviceWorkloads.Product))];
        if (workloads.Find(name => known.All(workload => workload.Name != name)) is { } unknown)
        {
            Console.Error.WriteLine($"unknown workload '{unknown}'; there are {string.Join(' ', known.Select(w => w.Name).Distinct())}");
            return 2;
        }
        try
        {
            WorkRecorder.Start();
            foreach (var workload in known.Where(workload => workloads.Count == 0 || workloads.Contains(workload.Name)))
                foreach (var (name, precision) in _precisions.Where(p => precisions.Count == 0 || precisions.Contains(p.Name)))
                    Print(workload, name, precision, launches);
            return 0;
        }
        catch (Exception error) when (error is NativeRetrievalException or IOException or InvalidOperationException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }

    static void Print(DeviceWorkload workload, string precisionName, Precision precision, bool launches)
    {
        Console.WriteLine($"\n## {workload.Name}, {workload.Shape}, {precisionName}\n");
        IReadOnlyList<RecordedWork> work;
        long parameters;
        try
        {
            (work, parameters) = WorkRecorder.Record(workload, precision);
        }
        catch (NativeRetrievalException error)
        {
            Console.WriteLine($"not recorded: {error.Message}");
            return;
        }
        if (precision == Precision.BFloat16 && !work.Any(IsBFloat16))
        {
            Console.WriteLine("not in bf16: no convolution or product of it has operands of two bytes");
            return;
        }
        var priced = work.Select(item => (Work: item, Cost: WorkCost.Of(item, parameters))).Where(item => item.Cost is not null)
            .Select(item => (item.Work, Cost: item.Cost!)).ToList();
        if (launches) PrintLaunches(priced);
        bool measured = (workload.Name, workload.Shape, precisionName)
            == (MeasuredStep.Workload, MeasuredStep.Shape, MeasuredStep.Precision);
        PrintKernels(priced, measured);
        PrintSum(priced, MeasuredStep.MillisecondsOf(workload.Name, workload.Shape, precisionName));
    }

    static void PrintLaunches(List<(RecordedWork Work, WorkCost Cost)> priced)
    {
        Console.WriteLine($"| launch | grid, block | MB | GFLOP | {Gpus(gpu => $"{gpu.Name}, us")} |\n|---|---|---:|---:|{Rules()}|");
        foreach (var (item, cost) in priced)
            Console.WriteLine(F($"| {item.Name} | {(item as RecordedKernel)?.Shape} | {cost.Bytes / 1e6:F2} | {cost.Flops / 1e9:F2} | ")
                + Gpus(gpu => F($"{cost.Seconds(gpu) * 1e6:F1}")) + " |");
        Console.WriteLine();
    }

    /// <summary>One row for each kernel, the dearest first; what was measured beside it where that is known.</summary>
    static void PrintKernels(List<(RecordedWork Work, WorkCost Cost)> priced, bool measured)
    {
        Console.WriteLine($"| kernel | launches | MB | GFLOP | {Gpus(gpu => $"{gpu.Name}, ms")} |"
            + (measured ? " measured on the H100: launches | MB | ms |" : ""));
        Console.WriteLine($"|---|---:|---:|---:|{Rules()}|{(measured ? "---:|---:|---:|" : "")}");
        var h100 = Accelerator.All[1];
        var seen = new HashSet<string>();
        foreach (var group in priced.GroupBy(item => GroupOf(item.Work))
            .OrderByDescending(group => group.Sum(item => item.Cost.Seconds(h100))))
        {
            string row = F($"| {group.Key} | {group.Count()} | {group.Sum(item => item.Cost.Bytes) / 1e6:F1} | ")
                + F($"{group.Sum(item => item.Cost.Flops) / 1e9:F1} | ")
                + Gpus(gpu => F($"{group.Sum(item => item.Cost.Seconds(gpu)) * 1e3:F3}")) + " |";
            if (measured) row += MeasuredStep.Kernels.TryGetValue(group.Key, out var then) ? Then(then) : " | | |";
            seen.Add(group.Key);
            Console.WriteLine(row);
        }
        if (!measured) return;
        foreach (var (name, then) in MeasuredStep.Kernels.Where(kernel => !seen.Contains(kernel.Key))
            .OrderByDescending(kernel => kernel.Value.Milliseconds))
            Console.WriteLine($"| {name} | | | | {Gpus(_ => "")} |{Then(then)}");

        static string Then((int Launches, double Milliseconds, double Bytes) then) =>
            F($" {then.Launches} | {then.Bytes / 1e6:F1} | {then.Milliseconds:F3} |");
    }

    static void PrintSum(List<(RecordedWork Work, WorkCost Cost)> priced, double? measuredMs)
    {
        int kernels = priced.Count;
        double host = kernels * Efficiency.HostLaunch / 1e3;
        double gigabytes = priced.Sum(item => item.Cost.Bytes) / 1e9, gigaflop = priced.Sum(item => item.Cost.Flops) / 1e9;
        Console.WriteLine(F($"\n{kernels} launches, {gigabytes:F2} GB, {gigaflop:F0} GFLOP."));
        Console.WriteLine("Predicted, captured in a graph: " + string.Join(", ", Accelerator.All.Select(gpu =>
            F($"{gpu.Name} {priced.Sum(item => item.Cost.Seconds(gpu)) * 1e3:F2} ms"))) + ".");
        Console.WriteLine(F($"Launched one by one the host takes {host:F2} ms. ")
            + (measuredMs is { } ms ? F($"Measured on the H100 at ab6b81a: {ms:F2} ms.") : "Not measured."));
    }

    static bool IsBFloat16(RecordedWork work) => work switch
    {
        RecordedConvolution convolution => convolution.ElementBytes[0] == 2,
        RecordedProduct product => product.ElementBytes[0] == 2,
        _ => false,
    };

    static string GroupOf(RecordedWork work) => work switch
    {
        RecordedConvolution convolution => $"convolution {convolution.Direction}",
        RecordedProduct => "product",
        _ => work.Name,
    };

    static string Gpus(Func<Accelerator, string> text) => string.Join(" | ", Accelerator.All.Select(text));

    static string Rules() => string.Join('|', Accelerator.All.Select(_ => "---:"));

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
