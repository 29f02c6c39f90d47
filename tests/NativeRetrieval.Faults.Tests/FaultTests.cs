using NativeRetrieval.Faults.Tests.Injection;

namespace NativeRetrieval.Faults.Tests;

public sealed class FaultTests
{
    public static TheoryData<string> Names => [.. Host.Scenarios.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Whichever_operation_fails_and_whenever_the_run_ends_the_old_state_or_the_new_one_is_there(string scenario)
    {
        if (FaultLibrary.Build() is { } reason) Assert.Skip(reason);
        bool all = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_FAULTS") == "all";
        var run = Host.Start(scenario, all);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Out);
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Contains(" 0 failed", run.Out);
    }
}
