using System.Text.Json;
using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>The rows of a suite, kept beside a run's table until that is whole: a run that was cut off goes on behind them.</summary>
/// <param name="Peer">Name of the peer; null: none.</param>
/// <param name="Ceilings">The highest before and after the suite.</param>
internal sealed record SuiteResult(string? Peer, Ceilings Ceilings, IReadOnlyList<Row> Rows)
{
    /// <summary>The suite's earlier result beside the same peer; null where there is none, or it is not whole.</summary>
    /// <param name="stem">The run's path without extension; null: nothing is kept.</param>
    public static SuiteResult? Load(string? stem, Suite suite, string? peer)
    {
        if (stem is null || !File.Exists(PathOf(stem, suite))) return null;
        try
        {
            var result = JsonSerializer.Deserialize<SuiteResult>(File.ReadAllText(PathOf(stem, suite)));
            return result?.Peer == peer ? result : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Save(string stem, Suite suite)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(stem))!);
        File.WriteAllText(PathOf(stem, suite), JsonSerializer.Serialize(this));
    }

    public static void Delete(string stem, Suite suite) => File.Delete(PathOf(stem, suite));

    static string PathOf(string stem, Suite suite) => $"{stem}.{suite.Name}.partial.json";
}
