using System.Diagnostics;
using NativeRetrieval.Faults.Tests.Injection;
using NativeRetrieval.Faults.Tests.Scenarios;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Faults.Tests;

/// <summary>
/// The process into which failures are put: started with <see cref="FaultLibrary"/>, it carries out one scenario's campaign.
/// </summary>
static class Host
{
    public const string Argument = "host";

    /// <summary>Each scenario by its name.</summary>
    public static readonly Dictionary<string, Func<string, Scenario>> Scenarios = new()
    {
        ["index"] = area => new IndexScenario(area),
        ["index-update"] = area => new IndexUpdateScenario(area),
        ["index-compact"] = area => new CompactScenario(area),
        ["models-fetch"] = area => new FetchScenario(area),
        ["models-fetch-anew"] = area => new FetchAnewScenario(area),
        ["train"] = area => new TrainScenario(area),
        ["convert"] = area => new ConvertScenario(area),
        ["convert-model"] = area => new ConvertModelScenario(area),
        ["convert-export"] = area => new ExportScenario(area),
    };

    /// <summary>Starts the process for a scenario.</summary>
    /// <param name="all">Tries every number, where otherwise the scenario's stride says which.</param>
    /// <returns>Exit code 0 where nothing failed; the report is on stdout.</returns>
    public static ProgramRun Start(string scenario, bool all) =>
        ProgramRun.Of("NativeRetrieval.Faults.Tests.dll", FaultLibrary.ForChild, Argument, scenario, all ? "all" : "some");

    public static async Task<int> RunAsync(string name, bool all)
    {
        FaultLibrary.Attach();
        using var folder = new TemporaryFolder();
        var watch = Stopwatch.StartNew();
        var scenario = Scenarios[name](folder.FullPath);
        int stride = all ? 1 : scenario.Stride;
        var campaign = new Campaign(scenario, folder.FullPath, stride, Console.Out);
        await campaign.RunAsync();
        Console.WriteLine($"{name}: {campaign.Tried} tried, {campaign.Failed} failed"
            + $"{(stride == 1 ? "" : $", every {stride}th")}, {watch.Elapsed.TotalSeconds:F0} s");
        return campaign.Failed == 0 ? 0 : 1;
    }

    /// <summary>Runs all scenarios, or those named, with every number, and prints their reports.</summary>
    public static int RunAll(IReadOnlyCollection<string> names)
    {
        if (FaultLibrary.Build() is { } reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }
        int failed = 0;
        foreach (string name in names.Count > 0 ? names : Scenarios.Keys)
        {
            var run = Start(name, all: true);
            Console.WriteLine(run.Out.TrimEnd());
            Console.Error.Write(run.Error);
            if (run.ExitCode != 0) failed++;
        }
        return failed == 0 ? 0 : 1;
    }
}
