using System.Globalization;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Timings of several programs beside each other, as Markdown.</summary>
internal static class TimingTable
{
    /// <param name="programs">Ours first.</param>
    public static void Print(IReadOnlyList<DeviceTimings> programs)
    {
        var ours = programs[0];
        Console.WriteLine("Milliseconds, medians of CUDA events around the work. "
            + $"{string.Join("; ", programs.Select(program => $"{program.Program} on {program.Device}"))}.");
        bool comparable = programs.Select(program => program.Device).Distinct().Count() == 1;
        if (!comparable) Console.WriteLine("**The devices differ: the columns cannot be compared.**");
        Console.WriteLine();
        Console.WriteLine("| workload | shape | precision | " + string.Join(" | ", programs.Select(program => program.Program))
            + " | times as fast as the fastest peer |");
        Console.WriteLine("|---|---|---|" + string.Concat(Enumerable.Repeat("---:|", programs.Count + 1)));
        var keys = programs.SelectMany(program => program.Rows).Select(row => (row.Workload, row.Shape, row.Precision)).Distinct()
            .OrderBy(key => Order(ours, key.Workload, key.Shape)).ThenBy(key => Precision(key.Precision));
        foreach (var (workload, shape, precision) in keys)
        {
            double?[] times = [.. programs.Select(program => program.Rows
                .FirstOrDefault(row => (row.Workload, row.Shape, row.Precision) == (workload, shape, precision))?.Milliseconds)];
            string ratio = comparable && times[0] is { } own && times.Skip(1).Min() is { } best ? Number(best / own, "F2") : "";
            Console.WriteLine($"| {workload} | {shape} | {precision} | "
                + $"{string.Join(" | ", times.Select(time => time is { } ms ? Number(ms, "F3") : ""))} | {ratio} |");
        }
        PrintMemory(programs);
        foreach (var program in programs)
            foreach (var row in program.Rows.Where(row => row.Milliseconds is null))
                Console.WriteLine($"\n{program.Program}, {row.Workload} {row.Shape} {row.Precision}: {row.Note}");
    }

    /// <summary>The training steps' memory: what a batch has to fit into.</summary>
    static void PrintMemory(IReadOnlyList<DeviceTimings> programs)
    {
        Console.WriteLine();
        Console.WriteLine("Peak memory, MiB: in use during a step after the first ones, with libraries' workspaces and recorded work / "
            + "taken from the driver in all. What driver and libraries take for themselves is on neither side.");
        Console.WriteLine();
        Console.WriteLine("| peak memory, MiB | precision | " + string.Join(" | ", programs.Select(program => program.Program)) + " |");
        Console.WriteLine("|---|---|" + string.Concat(Enumerable.Repeat("---:|", programs.Count)));
        foreach (var rows in programs.SelectMany(program => program.Rows.Select(row => (program, row)))
            .Where(item => item.row is { Workload: DeviceWorkloads.Step, PeakBytes: not null })
            .GroupBy(item => (item.row.Shape, item.row.Precision)))
            Console.WriteLine($"| training step, {rows.Key.Shape} | {rows.Key.Precision} | "
                + string.Join(" | ", programs.Select(program => Memory(rows.FirstOrDefault(item => item.program == program).row))) + " |");
    }

    static string Memory(DeviceTiming? row) => row?.PeakBytes is not { } peak ? ""
        : $"{Number(peak / 1048576.0, "F0")} / {(row.TakenBytes is { } taken ? Number(taken / 1048576.0, "F0") : "-")}";

    /// <summary>In the order of ours; what only a peer has comes last.</summary>
    static int Order(DeviceTimings ours, string workload, string shape)
    {
        for (int i = 0; i < ours.Rows.Count; i++)
            if (ours.Rows[i].Workload == workload && ours.Rows[i].Shape == shape) return i;
        return int.MaxValue;
    }

    static int Precision(string name) => name switch { "fp32" => 0, "tf32" => 1, _ => 2 };

    static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
