using NativeRetrieval.Benchmarks;
using NativeRetrieval.Benchmarks.Gpu;
using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Roofline;
using NativeRetrieval.Benchmarks.Serving;
using NativeRetrieval.Benchmarks.Suites;

if (args.Length > 0 && args[0] == SyntheticClotho.Name) return SyntheticClotho.Run(args[1..]);
if (args.Length > 0 && args[0] is GpuCommand.Name or GpuCommand.Table) return GpuCommand.Run(args);
if (args.Length > 0 && args[0] == RooflineCommand.Name) return RooflineCommand.Run(args[1..]);

if (args.Length > 0 && args[0] == GradientsCommand.Name) return GradientsCommand.Run(args.AsSpan(1));
if (args.Length > 0 && args[0] == PrecisionCommand.Name) return PrecisionCommand.Run(args[1..]);

if (args.Length > 0 && args[0] == ServeCommand.Name) return await ServeCommand.RunAsync(args[1..]);

if (args.Length > 0 && args[0] == CollectionCommand.Name) return await CollectionCommand.RunAsync(args[1..], Console.Out, Console.Error);

if (args.Length > 0 && args[0] == SoakCommand.Name) return await SoakCommand.RunAsync(args[1..]);

if (args.Length == 0 || args.Any(argument => argument is "-h" or "--help"))
{
    Console.WriteLine(
        "usage: dotnet run -c Release --project benchmarks/NativeRetrieval.Benchmarks -- peers | SUITE… " + SuiteOptions.Usage);
    foreach (var suite in Suite.All) Console.WriteLine($"  {suite.Name,-14} {suite.Summary}");
    Console.WriteLine(SyntheticClotho.Usage);
    Console.WriteLine(GpuCommand.Usage);
    Console.WriteLine(RooflineCommand.Usage);
    Console.WriteLine(GradientsCommand.Usage);
    Console.WriteLine(PrecisionCommand.Usage);
    Console.WriteLine(ServeCommand.Usage);
    Console.WriteLine(CollectionCommand.Usage);
    Console.WriteLine(SoakCommand.Usage);
    return 0;
}

if (args is [SuiteOptions.Stem])
{
    Console.WriteLine(Report.Stem(DateTime.UtcNow));
    return 0;
}

var options = SuiteOptions.Parse(args, out string? mistake);
if (options is null)
{
    Console.Error.WriteLine(mistake);
    return 2;
}
return SuiteRun.Run(options);
