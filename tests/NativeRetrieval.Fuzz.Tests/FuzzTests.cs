namespace NativeRetrieval.Fuzz.Tests;

/// <summary>The first mutants of every kind; <c>--mutants</c> tries more.</summary>
public class FuzzTests
{
    const int Mutants = 300;

    public static TheoryData<string> Kinds => [.. FuzzKinds.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_mutant_is_read_or_refused_in_bounded_time_and_memory(string name)
    {
        var run = new FuzzRun(FuzzKinds.All.Single(kind => kind.Name == name));
        run.Run(Mutants);
        Assert.True(run.Failures.Count == 0, string.Join('\n', run.Failures));
        Assert.Equal(Mutants, run.Accepted + run.Refused);
        Assert.True(run.Accepted > 0 && run.Refused > 0, "the mutants test one side only");
    }

    [Fact]
    public void A_reader_that_lets_another_exception_through_or_takes_too_much_memory_fails()
    {
        var seed = new FuzzSeed("a", new byte[100], []);
        var wrong = new FuzzRun(new("wrong", [seed], _ => throw new OverflowException("oops"), []));
        wrong.Run(3);
        Assert.Equal((3, 0, 0, 3), (wrong.Tried, wrong.Accepted, wrong.Refused, wrong.Failures.Count));
        Assert.Contains("OverflowException: oops", wrong.Failures[0]);
        var large = new FuzzRun(new("large", [seed], _ => GC.KeepAlive(new byte[120 << 20]), []));
        large.Run(1);
        Assert.Contains("took", Assert.Single(large.Failures));
    }
}
