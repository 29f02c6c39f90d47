using System.Diagnostics;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

public sealed class CrashTests : IDisposable
{
    /// <summary>The long form, for a machine with time: <c>NATIVERETRIEVAL_KILLS=50</c>.</summary>
    static readonly int _kills = int.TryParse(Environment.GetEnvironmentVariable("NATIVERETRIEVAL_KILLS"), out int n) && n > 0 ? n : 20;

    static readonly int _steps = 6 * _kills;

    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task AKilledWriterLosesNothingItAcknowledged()
    {
        int done = 0;
        for (int kill = 0; kill < _kills; kill++)
        {
            // Kill number 0 falls into the creation of the index, the others after 1 to 5 acknowledged steps.
            done = RunAndKill(done, acknowledgements: kill == 0 ? 0 : 1 + kill * 3 % 5);
            if (!File.Exists(Path.Combine(Folder, "catalogue.db"))) continue;

            using var index = LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings);
            var found = index.Verify();
            Assert.True(found.IsIntact, $"kill {kill}: {string.Join("; ", found.Problems)}");
            // The step that was under way is there whole or not at all.
            Assert.True(await Script.Holds(index, Script.After(done)) || await Script.Holds(index, Script.After(done + 1)),
                $"kill {kill}: not the state after {done} steps");
        }

        Assert.InRange(done, _kills, _steps - 1);
        RunToTheEnd(done);
        using var whole = LocalAudioIndex.Create(_temporary["whole.nrx"], Samples.Settings);
        await whole.UpsertAsync([.. Script.After(_steps).Select(file => Script.Entry(file.Key, file.Value))],
            TestContext.Current.CancellationToken);
        using var survivor = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        Assert.True(await Script.Holds(survivor, Script.After(_steps)));
        Assert.Equal((await Script.Answers(whole)).Split('\n').Order(), (await Script.Answers(survivor)).Split('\n').Order());
    }

    /// <returns>Number of steps acknowledged by then.</returns>
    int RunAndKill(int first, int acknowledgements)
    {
        using var process = Start(first);
        Assert.Equal(CrashHost.Ready, process.StandardOutput.ReadLine());
        for (int i = 0; i < acknowledgements; i++) Assert.Equal((first + i).ToString(), process.StandardOutput.ReadLine());
        process.Kill();
        // What was printed before the kill was acknowledged too.
        string[] rest = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return first + acknowledgements + rest.Length;
    }

    void RunToTheEnd(int first)
    {
        using var process = Start(first);
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }

    Process Start(int first) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!,
        [.. Hosted ? [typeof(CrashTests).Assembly.Location] : (string[])[],
            CrashHost.Argument, Folder, first.ToString(), _steps.ToString()])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>True if this process is <c>dotnet</c> with the test assembly as its argument.</summary>
    static bool Hosted => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
}
