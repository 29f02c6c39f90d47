using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.WeightsConvert.Tests.Checkpoints;

/// <summary>
/// PyTorch's own checkpoints, friendly and hostile. Those under 100 KB are committed, the others lie in the shared folder.
/// </summary>
static class CheckpointFixtures
{
    public static TheoryData<string> Good { get; } = Names("good");

    public static TheoryData<string> Bad { get; } = Names("bad");

    /// <summary>The path of a file such as <c>good/many.pth</c>; the test skips where it is absent.</summary>
    public static string Path(string name)
    {
        string committed = System.IO.Path.Combine(Fixtures.Small("checkpoints"), name);
        string? path = File.Exists(committed) ? committed : Fixtures.Shared($"fixtures/checkpoints/{name}");
        Assert.SkipWhen(path is null, Fixtures.WhyAbsent(name));
        return path;
    }

    /// <summary>All committed files, without their expected contents.</summary>
    public static IReadOnlyList<string> Committed { get; } =
        [.. Directory.EnumerateFiles(Fixtures.Small("checkpoints"), "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".expected.safetensors", StringComparison.Ordinal)
                && !path.EndsWith(".json", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];

    static TheoryData<string> Names(string group)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Small("checkpoints/manifest.json")));
        return [.. manifest.RootElement.GetProperty(group).EnumerateArray().Select(item => item.GetProperty("file").GetString()!)];
    }
}
