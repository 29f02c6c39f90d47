using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Core.Tests.Serialization;

public sealed class DurableFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        DurableFile.AfterStep = null;
        _folder.Dispose();
    }

    [Fact]
    public void AtEveryStepTheTargetHoldsTheOldOrTheNewContent()
    {
        string path = _folder["settings.json"];
        File.WriteAllText(path, "old");
        var seen = new List<(string Step, string Content)>();
        DurableFile.AfterStep = (step, _) => seen.Add((step, File.ReadAllText(path)));
        DurableFile.WriteAllText(path, "new");
        Assert.Equal([("create", "old"), ("write", "old"), ("fsync", "old"), ("rename", "new"), ("fsync folder", "new")], seen);
    }

    [Fact]
    public void WhatCanBeComputedAgainIsReplacedWholeButNotWaitedFor()
    {
        string path = _folder["entry"];
        File.WriteAllText(path, "old");
        var seen = new List<(string Step, string Content)>();
        DurableFile.AfterStep = (step, _) => seen.Add((step, File.ReadAllText(path)));
        DurableFile.WriteRecomputable(path, stream => stream.Write("new"u8));
        Assert.Equal([("create", "old"), ("write", "old"), ("rename", "new")], seen);
        seen.Clear();
        DurableFile.AppendRecomputable(path, "er"u8);
        Assert.Equal([("append", "newer")], seen);
        Assert.Throws<InvalidOperationException>(() => DurableFile.WriteRecomputable(path, _ => throw new InvalidOperationException()));
        Assert.Equal([path], Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public void AFailedWriteKeepsTheOldContentAndLeavesNoTemporaryFile()
    {
        string path = _folder["a"];
        File.WriteAllText(path, "old");
        Assert.Throws<InvalidOperationException>(
            () => DurableFile.WriteAtomic(path, stream => { stream.WriteByte(1); throw new InvalidOperationException(); }));
        var error = Assert.Throws<FileWriteException>(
            () => DurableFile.WriteAtomic(path, _ => throw new IOException("No space left on device")));
        Assert.Equal($"{path}: cannot be written: No space left on device", error.Message);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public void AMissingFolderIsAnErrorThatNamesTheTarget()
    {
        string path = _folder["none/a"];
        foreach (Action write in (Action[])
            [() => DurableFile.WriteAllText(path, "x"), () => DurableFile.Append(path, "x"u8), () => DurableFile.Truncate(path, 0)])
            Assert.StartsWith(path, Assert.Throws<FileWriteException>(write).Message);
    }

    [Fact]
    public void AppendsAndTruncates()
    {
        string path = _folder["lines"];
        DurableFile.Append(path, "one\n"u8);
        DurableFile.Append(path, "two\n"u8);
        Assert.Equal("one\ntwo\n", File.ReadAllText(path));
        DurableFile.Truncate(path, 4);
        DurableFile.Truncate(path, 100);
        Assert.Equal("one\n", File.ReadAllText(path));
    }

    [Fact]
    public void CreatesFoldersWithTheirParents()
    {
        DurableFile.CreateFolder(_folder["a/b/c"]);
        DurableFile.CreateFolder(_folder["a/b/c"]);
        Assert.True(Directory.Exists(_folder["a/b/c"]));
        File.WriteAllText(_folder["file"], "");
        Assert.Throws<FileWriteException>(() => DurableFile.CreateFolder(_folder["file/under"]));
    }

    [Fact]
    public void LeftoversOfAKilledProcessAreRemoved()
    {
        string? temporary = null;
        DurableFile.AfterStep = (step, path) => { if (step == "create") temporary = path; };
        DurableFile.WriteAllText(_folder["a"], "x");
        File.WriteAllText(temporary!, "half");
        Assert.True(DurableFile.IsTemporary(temporary!));
        DurableFile.DeleteLeftovers(_folder.FullPath);
        Assert.Equal([_folder["a"]], Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public void ConcurrentWritersOfOneTargetLeaveOneWholeContent()
    {
        string path = _folder["shared"];
        var threads = Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            for (int n = 0; n < 5; n++) DurableFile.WriteAllText(path, new string((char)('a' + i), 10_000));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        string content = File.ReadAllText(path);
        Assert.Equal(10_000, content.Length);
        Assert.Single(content.Distinct());
        Assert.Single(Directory.GetFiles(_folder.FullPath));
    }
}
