using System.Diagnostics;
using System.Text.RegularExpressions;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>The samples for batch systems, run by a shell with a tool in place of <c>nativeretrieval</c> that ends as it is told.</summary>
public sealed partial class JobScriptTests
{
    /// <summary>Notes its arguments and threads; waits for TERM where it is told to.</summary>
    const string Tool = """
        echo "$NATIVERETRIEVAL_THREADS $*" > "$NOTES"
        if [ "$END" = term ]; then
            sleep 60 &
            trap 'kill $!; echo stopped >> "$NOTES"; exit 130' TERM
            echo ready
            wait
        fi
        exit "$END"
        """;

    static readonly string _samples = Path.Combine(Fixtures.RepositoryRoot, "src", "samples");

    [Theory]
    [InlineData("0", 0)]
    [InlineData("3", 0)] // complete, with sounds that cannot be read
    [InlineData("5", 5)]
    public async Task A_task_of_Slurm_ends_as_its_share_does(string end, int expected)
    {
        var (code, notes) = await RunAsync(Slurm, end);
        Assert.Equal((expected, "6 index /s --model /m --to /t --shard 7/64 --json"), (code, notes));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("3", 0)]
    [InlineData("5", 5)]
    public async Task A_pod_ends_as_its_share_does(string end, int expected)
    {
        var (code, notes) = await RunAsync(Pod, end);
        Assert.Equal((expected, "8 index /sounds --model /model --to /shards --shard 7/64 --json"), (code, notes));
    }

    [Fact]
    public async Task Either_passes_TERM_on_and_waits_for_the_end()
    {
        foreach (var script in (Func<ProcessStartInfo>[])[Slurm, Pod])
        {
            var (code, notes) = await RunAsync(script, "term");
            Assert.Equal(130, code);
            Assert.EndsWith("stopped", notes, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Shares_of_a_script_are_the_tasks_that_it_starts()
    {
        string slurm = File.ReadAllText(Path.Combine(_samples, "Slurm", "index.sh")), pod = PodText();
        Assert.Equal(Number(slurm, @"--array=1-(\d+)"), Number(slurm, @"shares=(\d+)"));
        Assert.Equal(Number(pod, @"completions: (\d+)"), Number(pod, @"\+ 1\)\)/(\d+)"));
        Assert.Equal(Number(pod, @"requests: \{ cpu: ""(\d+)"""), Number(pod, @"NATIVERETRIEVAL_THREADS, value: ""(\d+)"""));
    }

    static ProcessStartInfo Slurm() => new("bash", Path.Combine(_samples, "Slurm", "index.sh"))
    {
        Environment =
        {
            ["SOUNDS"] = "/s", ["MODEL"] = "/m", ["SHARDS_FOLDER"] = "/t", ["SLURM_ARRAY_TASK_ID"] = "7", ["SLURM_CPUS_PER_TASK"] = "6",
        },
    };

    static ProcessStartInfo Pod()
    {
        var script = Args().Match(PodText());
        Assert.True(script.Success, "no args in the job");
        return new ProcessStartInfo("/bin/sh", ["-c", script.Groups[1].Value])
        {
            Environment = { ["JOB_COMPLETION_INDEX"] = "6", ["NATIVERETRIEVAL_THREADS"] = "8" },
        };
    }

    static string PodText() => File.ReadAllText(Path.Combine(_samples, "Kubernetes", "index.yaml"));

    static async Task<(int Code, string Notes)> RunAsync(Func<ProcessStartInfo> script, string end)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the scripts are for Linux");
        using var folder = new TemporaryFolder();
        string tool = folder["nativeretrieval"], notes = folder["notes"];
        ShellScript.Write(tool, Tool);
        var start = script();
        start.RedirectStandardOutput = true;
        start.Environment["PATH"] = $"{folder.FullPath}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["NOTES"] = notes;
        start.Environment["END"] = end;
        using var process = Process.Start(start)!;
        if (end == "term")
        {
            Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, File.ReadAllText(notes).Trim());
    }

    static string Number(string text, string pattern)
    {
        var match = Regex.Match(text, pattern);
        Assert.True(match.Success, pattern);
        return match.Groups[1].Value;
    }

    /// <summary>The block below <c>args</c>, whose lines are deeper than its dash.</summary>
    [GeneratedRegex(@"args:\n +- \|\n((?: {14}.*\n)+)")]
    private static partial Regex Args();
}
