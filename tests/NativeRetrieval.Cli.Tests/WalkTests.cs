using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Indexing of folders as people have them, by the program as a user without privileges runs it.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class WalkTests : IDisposable
{
    const UnixFileMode OthersRead = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    const string Evil = "evil\e[31m\n\u202ename.wav";

    readonly TemporaryFolder _folder = new();
    readonly string _model;

    /// <summary>An environment in which no other program is found, ffmpeg among them.</summary>
    readonly Dictionary<string, string> _alone = new() { ["PATH"] = "/nonexistent", ["NO_COLOR"] = "1" };

    public WalkTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the folder holds what only a Unix file system has");
        File.SetUnixFileMode(_folder.FullPath, OthersRead | UnixFileMode.OtherWrite);
        _model = TinyModel.Write(_folder["model"]);
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder["s/locked"])) File.SetUnixFileMode(_folder["s/locked"], OthersRead);
        _folder.Dispose();
    }

    [Fact]
    public void Every_file_of_a_folder_with_every_oddity_is_accounted_for_by_name()
    {
        foreach (string name in (string[])["s/deep", "s/locked"]) Directory.CreateDirectory(_folder[name]);
        WavFile.Write(_folder["s/good.wav"], 1, 300);
        WavFile.Write(_folder["s/deep/twin.wav"], 1, 300);
        WavFile.Write(_folder["s/cut.wav"], 0.5, 500, statedSamples: 16_000);
        WavFile.Write(_folder["s/locked/inside.wav"], 1, 700);
        WavFile.Write(_folder[$"s/{Evil}"], 1, 900);
        File.CreateSymbolicLink(_folder["s/link.wav"], "good.wav");
        Directory.CreateSymbolicLink(_folder["s/deep/up"], "..");
        File.CreateSymbolicLink(_folder["s/broken.wav"], "nowhere");
        File.CreateSymbolicLink(_folder["s/self"], "self");
        NamedPipe.Create(_folder["s/pipe.wav"]);
        File.WriteAllText(_folder["s/empty.wav"], "");
        File.WriteAllText(_folder["s/text.wav"], "text");
        File.WriteAllText(_folder["s/song.m4a"], "----ftypM4A ");
        File.WriteAllText(_folder["s/song.wma"], "----");
        File.WriteAllText(_folder["s/note.txt"], "no sound");
        Assert.Equal(5, JsonDocument.Parse(Indexed().Out).RootElement.GetProperty("embedded").GetInt32());
        File.SetUnixFileMode(_folder["s/locked"], UnixFileMode.None);

        var run = Indexed();
        Assert.Equal(ExitCode.Partial, run.ExitCode);
        var files = JsonDocument.Parse(run.Out).RootElement.GetProperty("files").EnumerateArray()
            .Select(file => (Path: file.GetProperty("path").GetString()!, Outcome: file.GetProperty("outcome").GetString()))
            .Select(file => $"{file.Path[(_folder.FullPath.Length + 3)..]}: {file.Outcome}");
        Assert.Equal(
            [
                "broken.wav: skipped", "cut.wav: unchanged", "deep/twin.wav: unchanged", "empty.wav: skipped", $"{Evil}: unchanged",
                "good.wav: unchanged",
                "link.wav: duplicate", "locked: skipped", "pipe.wav: skipped", "self: skipped", "song.m4a: unreadable_kind",
                "song.wma: unreadable_kind",
                "text.wav: skipped",
            ],
            files.Order(StringComparer.Ordinal));
        Assert.Contains("warning: 2 files of kinds that cannot be read: m4a, wma; install ffmpeg", run.Error);
        Assert.Contains("warning: 6 files were skipped:\n", run.Error);
        Assert.Contains("locked: this folder cannot be read: no permission; what the index holds of it stays", run.Error);

        var hits = Run(["search", "rain", "--index", _folder["i.nrx"], "--top", "20"]);
        Assert.Contains(@"s/evil\x1b[31m\x0a\u202ename.wav", hits.Out);
        Assert.Contains("s/locked/inside.wav", hits.Out);
        Assert.DoesNotContain('\e', hits.Out + hits.Error + run.Error);

        CommandLine Indexed() => Run(["index", _folder["s"], "--model", _model, "--to", _folder["i.nrx"], "--json"]);
    }

    [Fact]
    public void An_index_that_may_only_be_read_is_searched_verified_and_counted()
    {
        Directory.CreateDirectory(_folder["s"]);
        WavFile.Write(_folder["s/good.wav"], 1, 300);
        Assert.Equal(ExitCode.Ok, CommandLine.Start(_alone, "index", _folder["s"], "--model", _model, "--to", _folder["i.nrx"]).ExitCode);
        Assert.Empty(Directory.GetFiles(_folder["i.nrx"], "catalogue.db-*"));
        File.SetUnixFileMode(_folder["i.nrx"], OthersRead & ~UnixFileMode.UserWrite);

        foreach (string[] command in (string[][])[["index", "stats", _folder["i.nrx"]], ["index", "verify", _folder["i.nrx"]],
            ["search", "rain", "--index", _folder["i.nrx"]]])
        {
            var run = Run(command);
            Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
        }
        var compact = Run(["index", "compact", _folder["i.nrx"]]);
        Assert.Equal(ExitCode.Failure, compact.ExitCode);
        Assert.Contains("cannot be changed: its lock writer.lock cannot be taken (", compact.Error);
        Assert.DoesNotContain("process", compact.Error);
        File.SetUnixFileMode(_folder["i.nrx"], OthersRead);
    }

    [Fact]
    public async Task A_signal_ends_a_command_that_waits_for_its_input()
    {
        string model = TinyModel.Write(_folder["model"]);
        WavFile.Write(_folder["a.wav"], 1, 300);
        var made = await CommandLine.Run("index", _folder["a.wav"], "--model", model, "--to", _folder["i.nrx"], "--device", "cpu");
        Assert.Equal(ExitCode.Ok, made.ExitCode);
        var start = ProgramRun.Start("NativeRetrieval.Cli.dll", "search", "--index", _folder["i.nrx"]);
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        // An answer: the signal handlers are in place, and the next sentence is waited for.
        await process.StandardInput.WriteLineAsync("rain falls");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        ProgramRun.Signal(process, "TERM");
        string said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((ExitCode.Interrupted, "interrupted\n"), (process.ExitCode, said));
    }

    [Fact]
    public async Task A_pipe_under_the_name_of_a_sound_does_not_hold_up_the_check_of_the_data()
    {
        NamedPipe.Create(_folder["a.wav"]);
        WavFile.Write(_folder["b.wav"], 1, 300);
        File.WriteAllText(_folder["captions.csv"], "file_name,caption_1\na.wav,rain falls\nb.wav,a dog is barking\n");
        var run = await CommandLine.Run("train", _folder["captions.csv"], "--audio", _folder.FullPath, "--check", "--preset", "tiny",
            "--cache", _folder["cache"]);
        Assert.Contains("a.wav: is a named pipe; expected a sound file", run.Out);
    }

    CommandLine Run(string[] args)
    {
        if (ProgramRun.Unprivileged("NativeRetrieval.Cli.dll", _alone, args) is { } run) return new(run.ExitCode, run.Out, run.Error);
        Assert.Skip("permissions do not bind root, and this system has no setpriv, or another user may not read the tests' folder");
        throw new UnreachableException();
    }
}
