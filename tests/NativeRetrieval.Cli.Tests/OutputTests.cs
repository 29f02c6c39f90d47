using NativeRetrieval.Cli.Output;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public class OutputTests
{
    [Fact]
    public void OnAScreenABarIsWrittenOverAtMostTenTimesASecondAndOneLineIsLeft()
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
        using (var progress = new Progress(Screen(error, time, columns: 100), "indexing", 1000, "files"))
            for (int i = 1; i <= 1000; i++)
            {
                time.Advance(0.001);
                progress.Report(i);
            }
        string[] shown = error.ToString().Split("\r\e[K", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(11, shown.Length);
        Assert.Equal("indexing [==>                          ] 100 of 1,000 files (10 %), 1,000 files/s, 1 s left", shown[0]);
        Assert.Equal("indexing [=============================] 1,000 of 1,000 files, 1,000 files/s, 1 s", shown[9]);
        Assert.Equal("indexing: 1,000 of 1,000 files, 1 s, 1,000 files/s\n", shown[10]);
    }

    [Theory]
    [InlineData(120, "indexing [=========>                    ] 120 of 400 files (30 %), 2.0 files/s, 2 min 20 s left")]
    [InlineData(80, "indexing [===>         ] 120 of 400 files (30 %), 2.0 files/s, 2 min 20 s left")]
    [InlineData(60, "indexing: 120 of 400 files (30 %), 2.0 files/s, 2 min 20 s ")]
    [InlineData(20, "indexing: 120 of 40")]
    [InlineData(0, "")]
    public void ABarFitsTheScreen(int columns, string expected)
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
        using var progress = new Progress(Screen(error, time, columns), "indexing", 400, "files");
        time.Advance(60);
        progress.Report(120);
        Assert.Equal("\r\e[K" + expected, error.ToString());
    }

    [Theory]
    [InlineData(0.25, "0.25 files/s")]
    [InlineData(44.44, "44.4 files/s")]
    [InlineData(12345.6, "12,346 files/s")]
    public void RatesHaveAsManyDigitsAsTheyNeed(double rate, string expected)
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
        using (var progress = new Progress(Screen(error, time), "indexing", 0, "files"))
        {
            time.Advance(10_000 / rate);
            progress.Report(10_000);
        }
        Assert.Contains($"indexing: 10,000 files, {expected}", error.ToString());
    }

    [Fact]
    public void AMessageStandsAboveTheBar()
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
        var terminal = Screen(error, time);
        using (var progress = new Progress(terminal, "indexing", 0, "files"))
        {
            time.Advance(1);
            progress.Report(5);
            terminal.Warning("a.wav is damaged");
        }
        string bar = "indexing: 5 files, 5.0 files/s", erase = "\r\e[K";
        Assert.Equal($"{erase}{bar}{erase}warning: a.wav is damaged\n{bar}{erase}indexing: 5 files, 1 s, 5.0 files/s\n", error.ToString());
    }

    [Theory]
    [InlineData(true, "\r\e[Kepoch: 5 pairs, 0.25 pairs/s\r\e[K")]
    [InlineData(false, "epoch: 5 pairs\n")]
    public void ABarThatLeavesNoLineEndsInNothing(bool isScreen, string expected)
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
        using (var progress = new Progress(isScreen ? Screen(error, time) : new Terminal(TextWriter.Null, error, time), "epoch", 0, "pairs",
            leavesLine: false))
        {
            time.Advance(20);
            progress.Report(5);
            progress.Report(6);
        }
        Assert.Equal(expected, error.ToString());
    }

    [Fact]
    public void InALogProgressIsALineEveryTenSeconds()
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
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
        var (time, error) = (new SteppedTime(), new StringWriter());
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
        new Table(">rank", "path", ">score").Add("1", "a.wav", "0.5").Add("10", "long name.wav", "0.25")
            .Write(new Terminal(text, TextWriter.Null, TimeProvider.System));
        Assert.Equal("rank  path           score\n   1  a.wav            0.5\n  10  long name.wav   0.25\n", text.ToString());
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1023, "1023 bytes")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(5L << 40, "5.0 TiB")]
    public void SizesOfBytes(long bytes, string expected) => Assert.Equal(expected, Sizes.Text(bytes));

    [Fact]
    public void ColourIsForScreensOnlyAndNotForJson()
    {
        var (time, error) = (new SteppedTime(), new StringWriter { NewLine = "\n" });
        Write(new Terminal(TextWriter.Null, error, time, isInteractive: true, hasColor: true));
        Assert.Equal("\e[31merror:\e[0m no\n\e[33mwarning:\e[0m so so\n\r\e[Kw [\e[32m=>\e[0m    ] 1 of 2 files", error.ToString());
        error.GetStringBuilder().Clear();
        Write(new Terminal(TextWriter.Null, error, time, isInteractive: true, hasColor: true) { Json = true });
        Write(new Terminal(TextWriter.Null, error, time));
        Assert.Equal("error: no\nwarning: so so\n\r\e[Kw [=>    ] 1 of 2 fileserror: no\nwarning: so so\n", error.ToString());

        static void Write(Terminal terminal)
        {
            terminal.Failure("no");
            terminal.Warning("so so");
            if (terminal.IsInteractive) terminal.ShowStatus("w [", "=>", "    ] 1 of 2 files");
        }
    }

    static Terminal Screen(TextWriter error, TimeProvider time, int columns = 80) =>
        new(TextWriter.Null, error, time, isInteractive: true) { Columns = () => columns };
}
