using NativeRetrieval.Benchmarks;
using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Benchmarks.Roofline;
using NativeRetrieval.Benchmarks.Serving;
using NativeRetrieval.Benchmarks.Suites;

const int DefaultRounds = 21;

if (args.Length > 0 && args[0] == SyntheticClotho.Name) return SyntheticClotho.Run(args[1..]);
if (args.Length > 0 && args[0] is GpuCommand.Name or GpuCommand.Table) return GpuCommand.Run(args);
if (args.Length > 0 && args[0] == RooflineCommand.Name) return RooflineCommand.Run(args[1..]);

if (args.Length > 0 && args[0] == GradientsCommand.Name) return GradientsCommand.Run(args.AsSpan(1));
if (args.Length > 0 && args[0] == PrecisionCommand.Name) return PrecisionCommand.Run(args[1..]);

if (args.Length > 0 && args[0] == ServeCommand.Name) return await ServeCommand.RunAsync(args[1..]);

if (args.Length > 0 && args[0] == SoakCommand.Name) return await SoakCommand.RunAsync(args[1..]);

if (args.Length == 0 || args.Any(argument => argument is "-h" or "--help"))
{
    Console.WriteLine(
        "usage: dotnet run -c Release --project benchmarks/NativeRetrieval.Benchmarks -- peers | SUITE… [--rounds N] [--save]");
    foreach (var suite in Suite.All) Console.WriteLine($"  {suite.Name,-14} {suite.Summary}");
    Console.WriteLine(SyntheticClotho.Usage);
    Console.WriteLine(GpuCommand.Usage);
    Console.WriteLine(RooflineCommand.Usage);
    Console.WriteLine(GradientsCommand.Usage);
    Console.WriteLine(PrecisionCommand.Usage);
    Console.WriteLine(ServeCommand.Usage);
    Console.WriteLine(SoakCommand.Usage);
    return 0;
}

bool save = false;
int rounds = DefaultRounds;
var chosen = new List<Suite>();
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--save") save = true;
    else if (args[i] == "--rounds" && i + 1 < args.Length && int.TryParse(args[i + 1], out rounds) && rounds > 0) i++;
    else if (args[i] == "peers") chosen.AddRange(Suite.All);
    else if (Suite.All.FirstOrDefault(suite => suite.Name == args[i]) is { } suite) chosen.Add(suite);
    else
    {
        Console.Error.WriteLine($"unknown argument '{args[i]}'; suites: peers "
            + $"{string.Join(' ', Suite.All.Select(known => known.Name))}; options: --rounds N, --save");
        return 2;
    }
}

using var ort = OrtPeer.TryStart();
var report = new Report(DateTime.UtcNow);
report.Begin();
var bench = new Bench(rounds, ort);
var highest = Ceilings.Measure();
var before = highest;
foreach (var suite in chosen.Distinct())
{
    var rows = suite.Run(bench).ToList();
    var after = Ceilings.Measure();
    foreach (var row in rows) report.Add(row, Ceilings.Highest(before, after));
    (before, highest) = (after, Ceilings.Highest(highest, after));
}
report.End(highest);
if (save) Console.Error.WriteLine($"written to {report.Save()}");
return 0;
