using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using NativeRetrieval.OpBenchmarks;
using Perfolizer.Horology;

if (args is ["allocations", .. var named]) return Allocations.Print(named, Console.Out);

const int LongestName = 80; // of a case and its size; longer ones would be cut in the table

// Short iterations: there are more than a hundred cases, and a median of seven has forgotten a disturbed one.
// In this process: the sizes of cases are found by reflection, and a generated project would have to be restored for each run.
var config = ManualConfig.CreateEmpty()
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
        .WithMinIterationTime(TimeInterval.FromMilliseconds(20)).WithIterationTime(TimeInterval.FromMilliseconds(40))
        .WithWarmupCount(2).WithIterationCount(7))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddLogger(ConsoleLogger.Default)
    .AddExporter(MarkdownExporter.GitHub, JsonExporter.Brief)
    .WithCultureInfo(CultureInfo.InvariantCulture)
    .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(LongestName).WithTimeUnit(TimeUnit.Microsecond))
    .WithOptions(ConfigOptions.JoinSummary);
var summaries = BenchmarkSwitcher.FromAssembly(typeof(OpForward).Assembly).Run(args, config).ToList();
return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
