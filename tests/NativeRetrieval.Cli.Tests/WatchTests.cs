using System.Text.Json;
using NativeRetrieval.Cli.Commands.Indexes;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary><c>index --watch</c>, with a clock on which waits of seconds are over at once and those of minutes never.</summary>
public sealed class WatchTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _index, _model;

    public WatchTests()
    {
        _model = TinyModel.Write(_folder["model"]);
        _index = _folder["i.nrx"];
        Directory.CreateDirectory(_folder["sounds/deep"]);
        foreach (var (name, pitch) in ((string, double)[])[("dog.wav", 300), ("rain.wav", 900), ("deep/door.wav", 1_500)])
            WavFile.Write(_folder[$"sounds/{name}"], 0.5, pitch);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Puts a sound where it belongs in one step, as a program that saves well does.</summary>
    void Put(string name, double pitch)
    {
        WavFile.Write(_folder["new.wav"], 0.5, pitch);
        File.Move(_folder["new.wav"], _folder[$"sounds/{name}"], overwrite: true);
    }

    string[] Indexed()
    {
        using var index = LocalAudioIndex.Open(_index, IndexAccess.Read);
        return [.. index.Files().Select(file => Path.GetRelativePath(_folder["sounds"], file.FullPath)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task New_changed_moved_and_deleted_files_are_brought_into_the_index_one_by_one()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var seen = new List<string[]>();
        var changes = new Queue<Action>(
        [
            () => Put("deep/bell.wav", 2_000),
            () => Put("dog.wav", 350),
            () =>
            {
                Directory.CreateDirectory(_folder["sounds/other"]);
                File.Move(_folder["sounds/rain.wav"], _folder["sounds/other/shower.wav"]);
            },
            () => File.Delete(_folder["sounds/deep/door.wav"]),
            () => Directory.Move(_folder["sounds/deep"], _folder["gone"]),
        ]);
        StringWriter output = new() { NewLine = "\n" }, error = new Saying("watching for changes", () =>
        {
            seen.Add(Indexed());
            if (changes.TryDequeue(out var change)) change();
            else stop.Cancel();
        });
        var terminal = new Terminal(output, error, new ImpatientTime(TimeSpan.FromSeconds(5))) { Variable = _ => null };
        int code = await Application.RunAsync(["index", _folder["sounds"], "--model", _model, "--to", _index, "--device", "cpu", "--watch",
            "--json"], terminal, stop.Token);
        Assert.Equal(130, code);
        Assert.Equal(
        [
            ["deep/door.wav", "dog.wav", "rain.wav"],
            ["deep/bell.wav", "deep/door.wav", "dog.wav", "rain.wav"],
            ["deep/bell.wav", "deep/door.wav", "dog.wav", "rain.wav"],
            ["deep/bell.wav", "deep/door.wav", "dog.wav", "other/shower.wav"],
            ["deep/bell.wav", "dog.wav", "other/shower.wav"],
            ["dog.wav", "other/shower.wav"],
        ], seen);
        // Only what is new or changed went through the model: three at first, the bell and the other dog.
        Assert.Equal((5, 1, 2), (Sum("embedded"), Sum("moved"), Sum("removed")));

        // The last line of all says that Ctrl-C ended it.
        int Sum(string member) => output.ToString().Split('\n').Where(line => line.Contains("\"embedded\":", StringComparison.Ordinal))
            .Sum(line => JsonDocument.Parse(line).RootElement.GetProperty(member).GetInt32());
    }

    [Fact]
    public async Task A_table_is_read_again_when_it_changes_and_a_wrong_one_leaves_what_it_said()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var seen = new List<string?>();
        PutTable("file_name,description\ndog.wav,a beagle\n");
        var tables = new Queue<string>(["file_name,description\ndog.wav,a terrier\n", "no,names\n1,2\n",
            "file_name,description\ndog.wav,a spaniel\n"]);
        StringWriter output = new() { NewLine = "\n" }, error = new Saying("watching for changes", () =>
        {
            using (var index = LocalAudioIndex.Open(_index, IndexAccess.Read))
                seen.Add(index.Details()[_folder["sounds/dog.wav"]]!.Description);
            if (tables.TryDequeue(out string? table)) PutTable(table);
            else stop.Cancel();
        });
        var terminal = new Terminal(output, error, new ImpatientTime(TimeSpan.FromSeconds(5))) { Variable = _ => null };
        await Application.RunAsync(["index", _folder["sounds"], "--model", _model, "--to", _index, "--device", "cpu", "--watch",
            "--details", _folder["details.csv"]], terminal, stop.Token);
        Assert.Equal(["a beagle", "a terrier", "a terrier", "a spaniel"], seen);
        Assert.Contains("no column names the files", error.ToString());
        Assert.Contains("what the tables said before counts", error.ToString());

        void PutTable(string text)
        {
            File.WriteAllText(_folder["new.csv"], text);
            File.Move(_folder["new.csv"], _folder["details.csv"], overwrite: true);
        }
    }

    /// <summary>A watched folder that is taken away as a whole makes no notice: the look every ten minutes finds out.</summary>
    [Fact]
    public async Task A_folder_that_is_emptied_is_left_in_the_index_with_a_warning()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        int round = 0;
        StringWriter output = new() { NewLine = "\n" }, error = new Saying("watching for changes", () =>
        {
            if (round++ == 0) Directory.Move(_folder["sounds"], _folder["unplugged"]);
            else stop.Cancel();
        });
        var terminal = new Terminal(output, error, new ImpatientTime(TimeSpan.FromMinutes(10))) { Variable = _ => null };
        await Application.RunAsync(["index", _folder["sounds"], "--model", _model, "--to", _index, "--device", "cpu", "--watch"], terminal,
            stop.Token);
        Assert.Contains("is a disk not mounted?", error.ToString());
        Assert.Equal(3, Indexed().Length);
    }

    [Fact]
    public async Task A_notice_that_is_lost_is_made_good_by_a_look_every_ten_minutes()
    {
        using var changes = new FolderChanges([_folder["sounds"]], new ImpatientTime(TimeSpan.FromMinutes(10)));
        await changes.WaitAsync(TestContext.Current.CancellationToken);
        using var patient = new FolderChanges([_folder["sounds"]], new ImpatientTime(TimeSpan.FromSeconds(5)));
        var waiting = patient.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        Put("dog.wav", 350);
        await waiting;
    }

    /// <summary>Does something whenever a text is written.</summary>
    sealed class Saying(string text, Action then) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true) then();
        }
    }

    /// <summary>A clock whose timers up to a length are over at once, and whose longer ones never are.</summary>
    sealed class ImpatientTime(TimeSpan most) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime <= most ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
