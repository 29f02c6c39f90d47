using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Logging;

namespace NativeRetrieval.Training.Tests.Logging;

public sealed class MetricsLogTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    string LogPath => _folder["metrics.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LinesAreReadBackExactly()
    {
        var log = MetricsLog.Resume(LogPath, 0);
        log.Append(Line(1, 1, ("loss", 3.4000000000000004), ("lr", 1e-4)));
        log.Append(Line(1, 2, ("validation/r1", 0.125), ("norm", double.NaN)));
        Assert.Equal("{\"epoch\":1,\"step\":1,\"loss\":3.4000000000000004,\"lr\":0.0001}", File.ReadLines(LogPath).First());
        var lines = MetricsLog.Read(LogPath);
        Assert.Equal((1, 2L, 0.125), (lines[1].Epoch, lines[1].Step, lines[1]["validation/r1"]));
        Assert.Equal(3.4000000000000004, lines[0]["loss"]);
        Assert.True(double.IsNaN(lines[1]["norm"]!.Value));
        Assert.Null(lines[0]["none"]);
    }

    [Fact]
    public void ResumingRemovesLaterStepsAndACutLine()
    {
        var log = MetricsLog.Resume(LogPath, 0);
        for (int step = 1; step <= 5; step++) log.Append(Line(1, step, ("loss", step)));
        File.AppendAllText(LogPath, "{\"epoch\":1,\"st");
        Assert.Equal(5, MetricsLog.Read(LogPath).Count);
        log = MetricsLog.Resume(LogPath, 3);
        log.Append(Line(1, 4, ("loss", 40)));
        Assert.Equal([1, 2, 3, 40], MetricsLog.Read(LogPath).Select(line => line["loss"]!.Value));
        MetricsLog.Resume(LogPath, 0);
        Assert.Empty(MetricsLog.Read(LogPath));
    }

    [Fact]
    public void ATailOfGarbageIsRemovedButGarbageInTheMiddleIsAnError()
    {
        var log = MetricsLog.Resume(LogPath, 0);
        log.Append(Line(1, 1));
        File.AppendAllText(LogPath, "\0\0\0\n{\"epoch\":1}\n");
        MetricsLog.Resume(LogPath, 1).Append(Line(1, 2));
        Assert.Equal(2, MetricsLog.Read(LogPath).Count);

        File.AppendAllText(LogPath, "oops\n");
        log.Append(Line(1, 3));
        Assert.Contains("line 3 is not a line of a metrics log", Assert.Throws<CorruptFileException>(() => MetricsLog.Resume(LogPath, 3))
            .Message);
        Assert.Equal(4, File.ReadAllLines(LogPath).Length);
    }

    static MetricsLine Line(int epoch, long step, params (string Name, double Value)[] values) =>
        new(epoch, step, [.. values.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))]);
}
