namespace NativeRetrieval.Indexing.Tests;

public class IncrementalPlanTests
{
    static readonly DateTime _later = new(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Plans against files 1, 2 and 3; <paramref name="onDisk"/> are the contents by path.</summary>
    static IncrementalPlan Plan(Dictionary<string, string> onDisk) =>
        new([Samples.File(1), Samples.File(2), Samples.File(3)], onDisk.ContainsKey, path => onDisk[path]);

    [Fact]
    public void AnUnchangedFileIsNotRead()
    {
        var plan = new IncrementalPlan([Samples.File(1)], _ => true, path => throw new InvalidOperationException("read " + path));
        var planned = plan.Decide(Samples.PathOf(1), Samples.File(1).SizeBytes, Samples.File(1).ModifiedUtc);
        Assert.Equal(FileChange.Unchanged, planned.Change);
        Assert.Empty(plan.Unseen);
    }

    [Fact]
    public void AnotherTimeWithTheSameContentIsATouch()
    {
        var plan = Plan(new() { [Samples.PathOf(1)] = Samples.Hash(1, 0) });
        var planned = plan.Decide(Samples.PathOf(1), Samples.File(1).SizeBytes, _later);
        Assert.Equal((FileChange.Touched, _later), (planned.Change, planned.File.ModifiedUtc));
    }

    [Fact]
    public void NewContentUnderAKnownPathIsAChange()
    {
        var plan = Plan(new() { [Samples.PathOf(1)] = Samples.Hash(9, 9) });
        var planned = plan.Decide(Samples.PathOf(1), 5, _later);
        Assert.Equal((FileChange.Changed, Samples.Hash(9, 9), null), (planned.Change, planned.File.ContentHash, planned.Former));
    }

    [Fact]
    public void ContentThatLeftItsPathIsAMoveAndOnlyOnce()
    {
        var plan = Plan(new() { ["/a.wav"] = Samples.Hash(1, 0), ["/b.wav"] = Samples.Hash(1, 0) });
        Assert.Equal((FileChange.Moved, Samples.PathOf(1)), Decide("/a.wav"));
        Assert.Equal((FileChange.New, null), Decide("/b.wav"));
        Assert.Equal([Samples.PathOf(2), Samples.PathOf(3)], plan.Unseen.Select(file => file.FullPath));

        (FileChange, string?) Decide(string path) =>
            plan.Decide(path, 5, _later) is var planned ? (planned.Change, planned.Former) : default;
    }

    [Fact]
    public void ContentThatIsStillAtItsPathIsACopy()
    {
        var plan = Plan(new() { [Samples.PathOf(1)] = Samples.Hash(1, 0), ["/a.wav"] = Samples.Hash(1, 0) });
        plan.Decide(Samples.PathOf(1), Samples.File(1).SizeBytes, Samples.File(1).ModifiedUtc);
        var planned = plan.Decide("/a.wav", 5, _later);
        Assert.Equal((FileChange.Copied, Samples.PathOf(1)), (planned.Change, planned.Former));
    }

    [Fact]
    public void ContentThatWasOverwrittenBeforeIsNew()
    {
        var plan = Plan(new() { [Samples.PathOf(1)] = Samples.Hash(9, 9), ["/a.wav"] = Samples.Hash(1, 0) });
        plan.Decide(Samples.PathOf(1), 5, _later);
        Assert.Equal(FileChange.New, plan.Decide("/a.wav", 5, _later).Change);
    }
}
