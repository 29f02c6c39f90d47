using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Tests;

public class OutputTests
{
    [Fact]
    public void OnAScreenProgressWritesOverOneLineAtMostTenTimesASecond()
    {
        var (time, error) = (new ManualTime(), new StringWriter { NewLine = "\n" });
        using (var progress = new Progress(new Terminal(TextWriter.Null, error, time, isInteractive: true), "indexing", 1000, "files"))
            for (int i = 1; i <= 1000; i++)
            {
                time.Advance(0.001);
                progress.Report(i);
            }
        string[] shown = error.ToString().TrimEnd('\n').Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(10, shown.Length);
        Assert.Equal("indexing: 100 of 1,000 files (10 %), 1 s left", shown[0]);
        Assert.Equal("indexing: 1,000 of 1,000 files, 1 s", shown[^1].TrimEnd());
        Assert.EndsWith("\n", error.ToString());
        Assert.All(shown.Zip(shown.Skip(1)), pair => Assert.True(pair.Second.Length >= pair.First.TrimEnd().Length));
    }

    [Fact]
    public void InALogProgressIsALineEveryTenSeconds()
    {
        var (time, error) = (new ManualTime(), new StringWriter { NewLine = "\n" });
        using (var progress = new Progress(new Terminal(TextWriter.Null, error, time), "indexing", 7200, "files"))
            for (int i = 1; i <= 25; i++)
            {
                time.Advance(1);
                progress.Report(i);
            }
        Assert.Equal(["indexing: 10 of 7,200 files (0 %), 1 h 59 min left", "indexing: 20 of 7,200 files (0 %), 1 h 59 min left",
            "indexing: 25 of 7,200 files (0 %), 1 h 59 min left"],
            error.ToString().TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void QuietProgressIsSilent()
    {
        var (time, error) = (new ManualTime(), new StringWriter());
        using (var progress = new Progress(new Terminal(TextWriter.Null, error, time, isInteractive: true) { Quiet = true }, "indexing", 0,
            "files"))
        {
            time.Advance(60);
            progress.Report(5);
        }
        Assert.Equal("", error.ToString());
    }

    [Theory]
    [InlineData(0.2, "1 s")]
    [InlineData(59, "59 s")]
    [InlineData(61, "1 min 01 s")]
    [InlineData(3600, "1 h 00 min")]
    [InlineData(100_000, "27 h 46 min")]
    public void Durations(double seconds, string expected) => Assert.Equal(expected, Progress.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void ATableAlignsItsColumns()
    {
        var text = new StringWriter { NewLine = "\n" };
        new Table(">rank", "path", ">score").Add("1", "a.wav", "0.5").Add("10", "long name.wav", "0.25").Write(text);
        Assert.Equal("rank  path           score\n   1  a.wav            0.5\n  10  long name.wav   0.25\n", text.ToString());
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1023, "1023 bytes")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(5L << 40, "5.0 TiB")]
    public void SizesOfBytes(long bytes, string expected) => Assert.Equal(expected, Sizes.Text(bytes));

    [Fact]
    public void ColourIsForErrorsOnScreensOnly()
    {
        var error = new StringWriter { NewLine = "\n" };
        new Terminal(TextWriter.Null, error, TimeProvider.System, hasColor: true).Failure("no");
        new Terminal(TextWriter.Null, error, TimeProvider.System).Failure("no");
        Assert.Equal("\e[31merror:\e[0m no\nerror: no\n", error.ToString());
    }
}
