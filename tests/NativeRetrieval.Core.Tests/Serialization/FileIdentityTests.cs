using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Serialization;

public sealed class FileIdentityTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public FileIdentityTests() => File.WriteAllText(_folder["a"], "a");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Paths_to_one_file_have_one_identity_and_other_files_another()
    {
        Directory.CreateSymbolicLink(_folder["here"], _folder.FullPath);
        File.CreateSymbolicLink(_folder["link"], "here/a");
        File.WriteAllText(_folder["b"], "a");
        var a = FileIdentity.Of(_folder["a"]);
        Assert.Equal(FileKind.File, a.Kind);
        Assert.Equal(a, FileIdentity.Of(_folder["here/link"]));
        Assert.NotEqual(a, FileIdentity.Of(_folder["b"]));
        Assert.Equal(FileIdentity.Of(_folder.FullPath), FileIdentity.Of(_folder["here/here"]));
        Assert.Equal(FileKind.Folder, FileIdentity.Of(_folder["here"]).Kind);
    }

    [Fact]
    public void A_link_has_length_and_time_of_the_file_behind_it()
    {
        File.WriteAllText(_folder["long"], new string('x', 1234));
        File.SetLastWriteTimeUtc(_folder["long"], new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567));
        File.CreateSymbolicLink(_folder["link"], "long");
        File.CreateSymbolicLink(_folder["second"], "link");
        foreach (string name in (string[])["long", "link", "second"])
            Assert.Equal((1234, File.GetLastWriteTimeUtc(_folder["long"])),
                (FileStatus.Of(_folder[name]).SizeBytes, FileStatus.Of(_folder[name]).ModifiedUtc));
        Assert.Equal(FileStatus.Of(_folder["long"]), FileStatus.Of(_folder["second"]));
        Assert.Equal(DateTimeKind.Utc, FileStatus.Of(_folder["link"]).ModifiedUtc.Kind);
        Assert.NotEqual(FileStatus.Of(_folder["a"]), FileStatus.Of(_folder["link"]));
    }

    [Fact]
    public void Absence_and_circles_are_told_apart()
    {
        File.CreateSymbolicLink(_folder["circle"], "circle");
        Assert.Throws<FileNotFoundException>(() => FileIdentity.Of(_folder["none"]));
        Assert.Throws<FileNotFoundException>(() => FileIdentity.Of(_folder["a/none"]));
        Assert.IsNotType<FileNotFoundException>(Assert.ThrowsAny<IOException>(() => FileIdentity.Of(_folder["circle"])));
    }

    [Fact]
    public void Pipes_and_devices_are_named_and_not_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the test needs named pipes and /dev/zero");
        NamedPipe.Create(_folder["pipe"]);
        Assert.Equal(FileKind.Pipe, FileIdentity.Of(_folder["pipe"]).Kind);
        Assert.Equal(FileKind.Device, FileIdentity.Of("/dev/zero").Kind);
        Assert.Equal("it is a named pipe, not a file",
            Assert.Throws<NotAFileException>(() => RegularFile.OpenRead(_folder["pipe"])).Message);
        Assert.Equal("it is a device, not a file", Assert.Throws<NotAFileException>(() => RegularFile.OpenRead("/dev/zero")).Message);
        Assert.Contains("pipe: cannot be read: it is a named pipe", Assert.Throws<FileReadException>(() => Hash("pipe")).Message);
    }

    [Fact]
    public void Hashing_stops_when_it_is_cancelled()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => FileHash.Sha256(_folder["a"], stop.Token));
        Assert.Equal("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", Hash("a"));
    }

    string Hash(string name) => FileHash.Sha256(_folder[name], TestContext.Current.CancellationToken);
}
