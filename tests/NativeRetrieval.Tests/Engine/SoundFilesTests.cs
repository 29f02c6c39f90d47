using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Engine;

/// <summary>Walks over folders that hold more than files. Nothing is opened, so the files need no content.</summary>
public sealed class SoundFilesTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public SoundFilesTests()
    {
        Directory.CreateDirectory(_folder["s/deep"]);
        File.WriteAllText(_folder["s/b.wav"], "b");
        File.WriteAllText(_folder["s/deep/a.flac"], "a");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sounds_below_a_folder_come_in_the_order_of_their_paths_and_nothing_else_does()
    {
        foreach (string name in (string[])["s/note.txt", "s/cover.jpg", "s/.hidden.wav", "s/b.WAV", "s/deep/noextension"])
            File.WriteAllText(_folder[name], name);
        var found = Found("s");
        Assert.Equal(Full("s/b.WAV", "s/b.wav", "s/deep/a.flac"), found.Files);
        Assert.Empty(found.LeftOut);
    }

    [Fact]
    public void A_cycle_of_links_gives_each_file_once_by_its_real_path()
    {
        Directory.CreateSymbolicLink(_folder["s/again"], _folder["s"]);
        Directory.CreateSymbolicLink(_folder["s/deep/up"], "..");
        Directory.CreateSymbolicLink(_folder["s/a-link-before-the-real-one"], "deep");
        File.CreateSymbolicLink(_folder["s/a.wav"], "b.wav");
        var found = Found("s");
        Assert.Equal(Full("s/b.wav", "s/deep/a.flac"), found.Files);
        Assert.Equal([(_folder["s/a.wav"], FileOutcome.Duplicate, $"{_folder["s/a.wav"]}: is the same file as {_folder["s/b.wav"]}")],
            Left(found));
    }

    [Fact]
    public void Folders_outside_are_reached_through_a_link()
    {
        Directory.CreateDirectory(_folder["elsewhere"]);
        File.WriteAllText(_folder["elsewhere/c.wav"], "c");
        Directory.CreateSymbolicLink(_folder["s/aa"], _folder["elsewhere"]);
        Assert.Equal(Full("s/b.wav", "s/deep/a.flac", "s/aa/c.wav"), Found("s").Files);
    }

    [Fact]
    public void A_file_given_twice_is_taken_under_its_first_path()
    {
        File.CreateSymbolicLink(_folder["link.wav"], _folder["s/b.wav"]);
        var found = SoundFiles.Find([_folder["link.wav"], _folder["s"], _folder["s/b.wav"], _folder["link.wav"], _folder["s/deep"]],
            TestContext.Current.CancellationToken);
        Assert.Equal(Full("link.wav", "s/deep/a.flac"), found.Files);
        Assert.All(found.LeftOut, left => Assert.Equal((_folder["s/b.wav"], FileOutcome.Duplicate), (left.Path, left.Outcome)));
    }

    [Fact]
    public void Links_that_lead_nowhere_and_pipes_are_named_with_the_reason()
    {
        File.CreateSymbolicLink(_folder["s/broken.wav"], "gone.wav");
        File.CreateSymbolicLink(_folder["s/disk"], "/nowhere/disk");
        File.CreateSymbolicLink(_folder["s/self.wav"], "self.wav");
        NamedPipe.Create(_folder["s/pipe.wav"]);
        NamedPipe.Create(_folder["s/pipe.txt"]);
        var found = SoundFiles.Find([_folder["s"], _folder["s/broken.wav"]], TestContext.Current.CancellationToken);
        Assert.Equal(2, found.Files.Count);
        Assert.Equal(
            [
                "s/broken.wav: is a link to gone.wav, which does not exist",
                "s/broken.wav: is a link to gone.wav, which does not exist",
                "s/disk: is a link to /nowhere/disk, which does not exist",
                "s/pipe.wav: is a named pipe, not a file",
                "s/self.wav: cannot be read: Too many levels of symbolic links",
            ],
            found.LeftOut.Select(left => left.Message![(_folder.FullPath.Length + 1)..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_device_under_the_name_of_a_sound_is_not_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the test needs /dev/zero");
        File.CreateSymbolicLink(_folder["s/endless.wav"], "/dev/zero");
        var found = Found("s");
        Assert.Equal($"{_folder["s/endless.wav"]}: is a device, not a file", Assert.Single(found.LeftOut).Message);
    }

    [Fact]
    public void Sounds_without_a_decoder_are_told_by_kind_and_a_file_named_directly_is_tried()
    {
        File.WriteAllText(_folder["s/x.RA"], "x");
        File.WriteAllText(_folder["s/y.dts"], "y");
        var found = Found("s");
        Assert.Equal([(_folder["s/x.RA"], FileOutcome.UnreadableKind), (_folder["s/y.dts"], FileOutcome.UnreadableKind)],
            found.LeftOut.Select(left => (left.Path, left.Outcome)));
        Assert.Equal([_folder["s/x.RA"]], SoundFiles.Find([_folder["s/x.RA"]], TestContext.Current.CancellationToken).Files);
    }

    [Fact]
    public void A_path_that_does_not_exist_is_refused()
    {
        var error = Assert.Throws<OptionException>(() => SoundFiles.Find([_folder["nothing"]], TestContext.Current.CancellationToken));
        Assert.Equal($"{_folder["nothing"]} does not exist; name sound files or folders", error.Message);
    }

    FoundSounds Found(string name) => SoundFiles.Find([_folder[name]], TestContext.Current.CancellationToken);

    string[] Full(params string[] names) => [.. names.Select(name => _folder[name])];

    static IEnumerable<(string, FileOutcome, string?)> Left(FoundSounds found) =>
        found.LeftOut.Select(left => (left.Path, left.Outcome, left.Message));
}
