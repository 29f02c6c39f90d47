using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>Reading of an index whose folder cannot be written, by a process of a user without privileges.</summary>
public sealed class ReadOnlyTests : IDisposable
{
    readonly TemporaryFolder _temporary = new();

    public ReadOnlyTests()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_temporary.FullPath, OthersRead);
    }

    static UnixFileMode OthersRead => UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public void Dispose()
    {
        foreach (string folder in Directory.GetDirectories(_temporary.FullPath)) Allow(folder, OthersRead);
        _temporary.Dispose();
    }

    [Fact]
    public async Task A_closed_index_leaves_no_log_and_is_read_whole_without_write_access()
    {
        string folder = _temporary["i#1 %20.nrx"];
        using (var index = LocalAudioIndex.Create(folder, Samples.Settings))
            for (int i = 0; i < 3; i++) await index.UpsertAsync(Samples.Entry(i), TestContext.Current.CancellationToken);
        Assert.Empty(Directory.GetFiles(folder, "catalogue.db-*"));
        Assert.Equal("3 files, 6 hits, intact\n", Read(folder).Out);
    }

    [Fact]
    public async Task A_reader_sees_what_a_writer_has_committed_but_not_yet_moved_into_the_main_file()
    {
        string folder = _temporary["live.nrx"];
        using var index = LocalAudioIndex.Create(folder, Samples.Settings);
        await index.UpsertAsync(Samples.Entry(0), TestContext.Current.CancellationToken);
        Assert.Equal("1 files, 2 hits, intact\n", Read(folder).Out);
    }

    [Fact]
    public async Task A_writer_that_ends_before_a_reader_does_leaves_nothing_in_the_log()
    {
        string folder = _temporary["shared.nrx"];
        using var index = LocalAudioIndex.Create(folder, Samples.Settings);
        await index.UpsertAsync(Samples.Entry(0), TestContext.Current.CancellationToken);
        using var reader = LocalAudioIndex.Open(folder, IndexAccess.Read);
        Assert.Single(reader.Files());
        index.Dispose();
        Assert.Equal(0, new FileInfo(Path.Combine(folder, "catalogue.db-wal")).Length);
    }

    [Fact]
    public async Task A_copy_taken_while_it_was_written_is_refused_with_what_to_do_and_read_after_that()
    {
        string folder = _temporary["live.nrx"], copy = _temporary["copy.nrx"];
        Directory.CreateDirectory(copy);
        using (var index = LocalAudioIndex.Create(folder, Samples.Settings))
        {
            await index.UpsertAsync(Samples.Entry(0), TestContext.Current.CancellationToken);
            foreach (string file in Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is not (".db-shm" or ".lock")))
            {
                using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using var target = File.Create(Path.Combine(copy, Path.GetFileName(file)));
                await source.CopyToAsync(target, TestContext.Current.CancellationToken);
            }
        }
        var refused = Read(copy);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("its last changes are still in catalogue.db-wal, and reading them takes write access", refused.Error);
        Allow(copy, OthersRead);
        using (LocalAudioIndex.Open(copy, IndexAccess.Write)) { }
        Assert.Equal("1 files, 2 hits, intact\n", Read(copy).Out);
    }

    [Fact]
    public void A_folder_that_may_not_be_read_is_told_from_one_without_an_index()
    {
        string folder = _temporary["closed.nrx"];
        LocalAudioIndex.Create(folder, Samples.Settings).Dispose();
        Assert.Contains("may not be read: ", Read(folder, UnixFileMode.None).Error);
        var none = Assert.Throws<IndexException>(() => LocalAudioIndex.Open(_temporary["none.nrx"], IndexAccess.Read));
        Assert.Contains("there is no index", none.Message);
    }

    [Fact]
    public void Only_a_lock_that_another_holds_is_said_to_be_held()
    {
        string folder = _temporary["i.nrx"];
        using (LocalAudioIndex.Create(folder, Samples.Settings))
            Assert.Contains($"process {Environment.ProcessId} is writing to this index", Refusal(folder));

        File.Delete(Path.Combine(folder, "writer.lock"));
        Directory.CreateDirectory(Path.Combine(folder, "writer.lock"));
        string message = Refusal(folder);
        Assert.Contains("cannot be changed: its lock writer.lock cannot be taken (", message);
        Assert.DoesNotContain("process", message);
    }

    static string Refusal(string folder) => Assert.Throws<IndexException>(() => LocalAudioIndex.Open(folder, IndexAccess.Write)).Message;

    ProgramRun Read(string folder, UnixFileMode? mode = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the test takes the permissions of Unix");
        Allow(folder, mode ?? OthersRead & ~UnixFileMode.UserWrite);
        var inherited = new Dictionary<string, string>();
        var run = ProgramRun.Unprivileged("NativeRetrieval.Indexing.Tests.dll", inherited, ReadHost.Argument, folder);
        Assert.SkipWhen(run is null,
            "permissions do not bind root, and there is no setpriv, or another user may not read the tests' folder");
        return run!;
    }

    static void Allow(string folder, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, mode);
    }
}
