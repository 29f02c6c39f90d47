namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>Times contenders in turn: a machine that drifts or is disturbed treats them alike, and the median forgets outliers.</summary>
internal static class Turns
{
    const int WarmUps = 3;

    /// <summary>Long enough for the other side's idle threads to stop spinning.</summary>
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Median milliseconds of each contender.</summary>
    /// <param name="rounds">Timed runs of each, after <see cref="WarmUps"/> that are not counted.</param>
    public static double[] MedianMs(int rounds, params Contender[] contenders)
    {
        var times = contenders.Select(_ => new List<double>()).ToArray();
        for (int round = -WarmUps; round < rounds; round++)
            for (int i = 0; i < contenders.Length; i++)
            {
                Thread.Sleep(_pause);
                double ms = contenders[i].RunMs();
                if (round >= 0) times[i].Add(ms);
            }
        return [.. times.Select(Median)];
    }

    public static double Median(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
