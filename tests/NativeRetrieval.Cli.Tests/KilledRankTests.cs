using System.Diagnostics;
using System.Globalization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Logging;

namespace NativeRetrieval.Cli.Tests;

/// <summary>
/// <c>train</c> by two processes of which one is killed at random moments. NATIVERETRIEVAL_RANK_KILLS=20 is the long form, in which every
/// fifth is stopped instead, as a machine that hangs; without it there are three.
/// </summary>
public sealed class KilledRankTests : IDisposable
{
    const int StopEvery = 5;

    const int Clips = 8, Batch = 4, Epochs = 4, Steps = Epochs * (Clips / Batch);

    readonly TemporaryFolder _folder = new();

    public KilledRankTests()
    {
        Directory.CreateDirectory(_folder["sounds"]);
        for (int i = 0; i < Clips; i++) WavFile.Write(Path.Combine(_folder["sounds"], $"{i}.wav"), 0.4, 150 * (i + 1));
        File.WriteAllText(_folder["train.csv"],
            "file_name,caption_1\n" + string.Concat(Enumerable.Range(0, Clips).Select(i => $"{i}.wav,tone number {i}\n")));
        File.WriteAllText(_folder["validation.csv"], "file_name,caption_1\n0.wav,tone number 0\n5.wav,tone number 5\n");
    }

    [Fact]
    public async Task A_killed_rank_ends_the_others_and_the_resumed_run_has_the_losses_of_the_undisturbed_one()
    {
        int kills = int.TryParse(Environment.GetEnvironmentVariable("NATIVERETRIEVAL_RANK_KILLS"), NumberStyles.None,
            CultureInfo.InvariantCulture, out int asked) && asked > 0 ? asked : 3;
        Assert.Equal([0, 0], Finish(Start("whole", "begin")));
        double[] whole = Losses("whole");
        Assert.Equal(Steps, whole.Length);

        var random = new Random(7);
        int done = 0;
        for (int run = 0; done < kills; run++)
        {
            string name = $"run{run}";
            for (int start = 0; ; start++)
            {
                var (begun, before) = (Begun(name), Lines(name));
                var ranks = Start(name, $"{run}-{start}");
                if (done == kills || before == Steps || start == 3)
                {
                    Assert.Equal([0, 0], Finish(ranks));
                    break;
                }
                int victim = done % 2, after = before + random.Next(Steps - before);
                // Both have joined, so many steps are done, and a moment more: a step is computed, summed or saved. Who never joins is
                // waited for as long as a queue may take.
                while ((Begun(name) == begun || Lines(name) < after) && !ranks.Any(rank => rank.Process.HasExited)) Thread.Sleep(1);
                Thread.Sleep(random.Next(60));
                bool isStopped = done % StopEvery == StopEvery - 1 && !OperatingSystem.IsWindows();
                if (isStopped) ProgramRun.Signal(ranks[victim].Process, "STOP"); // it lives and does nothing more
                else ranks[victim].Process.Kill();
                done++;
                if (isStopped)
                {
                    Wait(ranks[1 - victim], ranks);
                    ranks[victim].Process.Kill();
                }
                int[] codes = Finish(ranks);
                int other = codes[1 - victim];
                if (other == 0) continue; // the others were done: what the killed rank left open is finished next
                Assert.Equal(ExitCode.Distributed, other);
                Assert.Contains($"rank {victim}", await ranks[1 - victim].Error, StringComparison.Ordinal);
            }
            Assert.Equal(whole, Losses(name));
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The run's own record of its starts.</summary>
    string Begun(string run)
    {
        string path = Path.Combine(_folder[run], "run.json");
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    int Lines(string run)
    {
        string path = Path.Combine(_folder[run], "metrics.jsonl");
        return File.Exists(path) ? MetricsLog.Read(path).Count(line => line["loss"] is not null) : 0;
    }

    double[] Losses(string run) => [.. MetricsLog.Read(Path.Combine(_folder[run], "metrics.jsonl"))
        .Where(line => line["loss"] is not null).Select(line => line["loss"]!.Value)];

    Started[] Start(string run, string meeting)
    {
        string[] resume = File.Exists(Path.Combine(_folder[run], "run.json")) ? ["--resume"] : [];
        return [.. Enumerable.Range(0, 2).Select(rank =>
        {
            var start = ProgramRun.Start("NativeRetrieval.Cli.dll",
            [
                "train", _folder["train.csv"], "--audio", _folder["sounds"], "--validation", _folder["validation.csv"],
                "--preset", "tiny", "--device", "cpu",
                "--set", $"training.epochs={Epochs}", "--set", $"training.batch_size={Batch}", "--set", "training.warmup_steps=0",
                "--set", "training.checkpoint_every_steps=1", "--set", "training.synchronized_batch_norm=true",
                "--cache", _folder["cache"], "--to", _folder[run], "--world-size", "2", "--rank", $"{rank}",
                "--coordinator", _folder[$"meeting-{meeting}"], .. resume,
            ]);
            var process = Process.Start(start)!;
            return new Started(process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        })];
    }

    /// <summary>Waits for both processes; one that hangs is at fault.</summary>
    static int[] Finish(Started[] ranks)
    {
        foreach (var rank in ranks) Wait(rank, ranks);
        int[] codes = [.. ranks.Select(rank => rank.Process.ExitCode)];
        foreach (var rank in ranks)
        {
            TestContext.Current.SendDiagnosticMessage("{0}", $"exit {rank.Process.ExitCode}: {rank.Error.Result.Trim()}");
            rank.Process.Dispose();
        }
        return codes;
    }

    static void Wait(Started rank, Started[] all)
    {
        if (rank.Process.WaitForExit(TimeSpan.FromMinutes(5))) return;
        foreach (var other in all) other.Process.Kill();
        Assert.Fail("a rank hangs: " + rank.Error.Result);
    }

    sealed record Started(Process Process, Task<string> Out, Task<string> Error);
}
