using System.Globalization;
using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;

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

    /// <summary>The GPU that was measured.</summary>
    static readonly Accelerator _shown = Accelerator.All[1];

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
            // An index is bound by files and decoding, and refuses the zeros that a recording computes.
            .Where(workload => workload is
                { Graphs: true, Name: not (DeviceWorkloads.Copy or DeviceWorkloads.Product or DeviceWorkloads.Index) })];
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
        RecordedRun run;
        try
        {
            run = WorkRecorder.Record(workload, precision);
        }
        catch (NativeRetrievalException error)
        {
            Console.WriteLine($"not recorded: {error.Message}");
            return;
        }
        if (precision == Precision.BFloat16 && !run.Pieces.Any(piece => IsBFloat16(piece.Ways[0][0])))
        {
            Console.WriteLine("not in bf16: no convolution or product of it has operands of two bytes");
            return;
        }
        Dictionary<Accelerator, IReadOnlyList<(RecordedWork Work, WorkCost Cost)>> taken =
            Accelerator.All.ToDictionary(gpu => gpu, run.Fastest);
        if (launches) PrintLaunches(taken[_shown]);
        bool measured = (workload.Name, workload.Shape, precisionName)
            == (MeasuredStep.Workload, MeasuredStep.Shape, MeasuredStep.Precision);
        PrintKernels(taken, precision, measured);
        PrintSum(taken, MeasuredStep.MillisecondsOf(workload.Name, workload.Shape, precisionName));
        if (workload.Name == DeviceWorkloads.Step) PrintMemory(WorkRecorder.Memory(workload, precision));
    }

    /// <summary>Launches of the ways that the GPU of <see cref="_shown"/> takes.</summary>
    static void PrintLaunches(IReadOnlyList<(RecordedWork Work, WorkCost Cost)> priced)
    {
        Console.WriteLine($"| launch | grid, block | MB | GFLOP | {Gpus(gpu => $"{gpu.Name}, us")} |\n|---|---|---:|---:|{Rules()}|");
        foreach (var (item, cost) in priced)
            Console.WriteLine(F($"| {item.Name} | {(item as RecordedKernel)?.Shape} | {cost.Bytes / 1e6:F2} | {cost.Flops / 1e9:F2} | ")
                + Gpus(gpu => F($"{cost.Seconds(gpu) * 1e6:F1}")) + " |");
        Console.WriteLine();
    }

    /// <summary>
    /// One row for each kernel, the dearest first; what was measured beside it where that is known. Launches, bytes and operations are
    /// those that the GPU of <see cref="_shown"/> takes.
    /// </summary>
    static void PrintKernels(
        Dictionary<Accelerator, IReadOnlyList<(RecordedWork Work, WorkCost Cost)>> taken, Precision precision, bool measured)
    {
        Console.WriteLine($"| kernel | launches | MB | GFLOP | {Gpus(gpu => $"{gpu.Name}, ms")} |"
            + (measured ? " measured on the H100: launches | MB | ms |" : ""));
        Console.WriteLine($"|---|---:|---:|---:|{Rules()}|{(measured ? "---:|---:|---:|" : "")}");
        var groups = taken.ToDictionary(item => item.Key, item => item.Value.ToLookup(one => GroupOf(one.Work, one.Cost, precision)));
        string[] names = [.. groups.Values.SelectMany(group => group).Select(group => group.Key).Distinct()
            .OrderByDescending(name => Milliseconds(_shown, name))];
        foreach (string name in names)
        {
            var shown = groups[_shown][name];
            string row = F($"| {name} | {shown.Count()} | {shown.Sum(item => item.Cost.Bytes) / 1e6:F1} | ")
                + F($"{shown.Sum(item => item.Cost.Flops) / 1e9:F1} | {Gpus(gpu => F($"{Milliseconds(gpu, name):F3}"))} |");
            if (measured) row += MeasuredStep.Kernels.TryGetValue(name, out var then) ? Then(then) : " | | |";
            Console.WriteLine(row);
        }
        if (!measured) return;
        foreach (var (name, then) in MeasuredStep.Kernels.Where(kernel => !names.Contains(kernel.Key))
            .OrderByDescending(kernel => kernel.Value.Milliseconds))
            Console.WriteLine($"| {name} | | | | {Gpus(_ => "")} |{Then(then)}");

        double Milliseconds(Accelerator gpu, string name) => groups[gpu][name].Sum(item => item.Cost.Seconds(gpu)) * 1e3;

        static string Then((int Launches, double Milliseconds, double Bytes) then) =>
            F($" {then.Launches} | {then.Bytes / 1e6:F1} | {then.Milliseconds:F3} |");
    }

    static void PrintSum(Dictionary<Accelerator, IReadOnlyList<(RecordedWork Work, WorkCost Cost)>> taken, double? measuredMs)
    {
        var shown = taken[_shown];
        double host = shown.Count * Efficiency.HostLaunch / 1e3;
        double gigabytes = shown.Sum(item => item.Cost.Bytes) / 1e9, gigaflop = shown.Sum(item => item.Cost.Flops) / 1e9;
        Console.WriteLine(F($"\n{shown.Count} launches, {gigabytes:F2} GB, {gigaflop:F0} GFLOP."));
        Console.WriteLine("Predicted, captured in a graph: " + string.Join(", ", Accelerator.All.Select(gpu =>
            F($"{gpu.Name} {taken[gpu].Sum(item => item.Cost.Seconds(gpu)) * 1e3:F3} ms"))) + ".");
        Console.WriteLine(F($"Launched one by one the host takes {host:F2} ms. ")
            + (measuredMs is { } ms ? F($"Measured on the H100 at ab6b81a: {ms:F2} ms.") : "Not measured."));
    }

    static void PrintMemory((long PeakBytes, long TakenBytes) memory) =>
        Console.WriteLine(F($"Memory, without workspaces of cuDNN: {memory.PeakBytes / (double)(1 << 30):F2} GiB in use at most, ")
            + F($"{memory.TakenBytes / (double)(1 << 30):F2} GiB taken from the driver."));

    static bool IsBFloat16(RecordedWork work) => work switch
    {
        RecordedConvolution convolution => convolution.ElementBytes[0] == 2,
        RecordedProduct product => product.ElementBytes[0] == 2,
        _ => false,
    };

    static string GroupOf(RecordedWork work, WorkCost cost, Precision precision)
    {
        string name = work switch
        {
            RecordedConvolution convolution => $"convolution {convolution.Direction}",
            RecordedProduct => "product",
            _ => work.Name,
        };
        return precision == Precision.Float32 && cost.Precision == Precision.Tf32 ? $"{name}, three TF32 products" : name;
    }

    static string Gpus(Func<Accelerator, string> text) => string.Join(" | ", Accelerator.All.Select(text));

    static string Rules() => string.Join('|', Accelerator.All.Select(_ => "---:"));

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
