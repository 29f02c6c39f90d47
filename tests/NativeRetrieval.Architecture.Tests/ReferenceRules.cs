using System.Xml.Linq;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>Arrows between assemblies that are allowed; any other is a violation.</summary>
internal static class ReferenceRules
{
    static readonly Dictionary<string, string[]> _arrows = new()
    {
        ["NativeRetrieval.Core"] = [],
        ["NativeRetrieval.Text"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Cuda"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Distributed"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Nn"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Audio"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Indexing"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Postgres"] = ["NativeRetrieval.Indexing"],
        ["NativeRetrieval.ClickHouse"] = ["NativeRetrieval.Indexing"],
        ["NativeRetrieval"] = ["NativeRetrieval.Nn", "NativeRetrieval.Audio", "NativeRetrieval.Text", "NativeRetrieval.Indexing"],
        ["NativeRetrieval.Evaluation"] = ["NativeRetrieval"],
        ["NativeRetrieval.Training"] = ["NativeRetrieval.Evaluation"],
        ["NativeRetrieval.Demo"] = ["NativeRetrieval.Core"],
        ["NativeRetrieval.Parity"] = ["NativeRetrieval.Training"],
        ["NativeRetrieval.NAudio"] = ["NativeRetrieval"],
        ["NativeRetrieval.Hosting"] = ["NativeRetrieval"],
        ["NativeRetrieval.Server"] = ["NativeRetrieval", "NativeRetrieval.NAudio"],
        ["NativeRetrieval.Cli"] = ["NativeRetrieval.Training", "NativeRetrieval.Demo", "NativeRetrieval.NAudio", "NativeRetrieval.Parity",
            "NativeRetrieval.Server", "NativeRetrieval.Cuda", "NativeRetrieval.Distributed", "NativeRetrieval.WeightsConvert",
            "NativeRetrieval.Postgres", "NativeRetrieval.ClickHouse"],
        ["NativeRetrieval.WeightsConvert"] = ["NativeRetrieval"],
        ["weights-convert"] = ["NativeRetrieval.Cli"],
    };

    /// <summary>Programs, and the libraries behind them that are no host's: samples take every other row.</summary>
    static readonly string[] _notForHosts = ["NativeRetrieval.Cli", "NativeRetrieval.Parity", "weights-convert"];

    /// <summary>Assemblies that see another's internals, each with the reason; beside them only test projects may.</summary>
    static readonly Dictionary<string, string> _friends = new()
    {
        ["NativeRetrieval.Core -> NativeRetrieval.Cuda"] = "implements the internal IBackend",
        ["NativeRetrieval.Core -> NativeRetrieval.Distributed"] = "sends tensors from the memory where they lie",
        ["NativeRetrieval.Indexing -> NativeRetrieval.Postgres"] = "implements the internal IIndexServer",
        ["NativeRetrieval.Indexing -> NativeRetrieval.ClickHouse"] = "implements the internal IIndexServer",
        ["NativeRetrieval -> NativeRetrieval.WeightsConvert"] = "writes the configuration in the form that the model package reads",
        ["NativeRetrieval.Evaluation -> NativeRetrieval.Parity"] = "reads columns of a caption file as evaluation does",
        ["NativeRetrieval.Demo -> NativeRetrieval.Benchmarks"] = "makes collections of any size from the demo's sounds",
    };

    /// <summary>
    /// Assemblies that a host takes without any package behind them. Audio is none of them: MP3 is decoded by NLayer, and where libsndfile
    /// is not installed NVorbis and NAudio decode Ogg Vorbis and AIFF, so that common sounds need nothing native. Text is none: its tokens
    /// come from Microsoft.ML.Tokenizers, so that a host can bring any tokenizer of that library.
    /// </summary>
    static readonly string[] _withoutPackages = ["NativeRetrieval.Core", "NativeRetrieval.Nn", "NativeRetrieval.Distributed"];

    /// <summary>Projects outside the solution, each with the reason.</summary>
    public static readonly Dictionary<string, string> OutsideTheSolution = new()
    {
        ["src/samples/PackagedHost/PackagedHost.csproj"] = "is built from the packages, which the solution makes",
        ["benchmarks/NativeRetrieval.TorchPeer/NativeRetrieval.TorchPeer.csproj"] =
            "LibTorch is 600 MB and its binding needs a newer C++ library than Debian 12's; the benchmarks build it when asked for",
    };

    public static IEnumerable<string> ForbiddenArrows(SourceFile project)
    {
        if (!project.IsShipped && !project.IsSample) yield break;
        string name = NameOf(project.Path);
        var allowed = project.IsSample ? [.. _arrows.Keys.Except(_notForHosts)] : _arrows.GetValueOrDefault(name);
        if (allowed is null)
        {
            yield return $"{project.Path}: {name} has no row in the reference table; add the arrows it may have";
            yield break;
        }
        foreach (string target in Includes(project, "ProjectReference").Select(NameOf))
            if (!allowed.Contains(target))
                yield return $"{project.Path}: {name} -> {target} is not an allowed arrow (allowed: {string.Join(", ", allowed)})";
    }

    /// <param name="testProjects">Names of the projects under <c>tests</c>.</param>
    public static IEnumerable<string> ForbiddenFriends(SourceFile project, IReadOnlyCollection<string> testProjects) =>
        from friend in Includes(project, "InternalsVisibleTo")
        let pair = $"{NameOf(project.Path)} -> {friend}"
        where !testProjects.Contains(friend) && !_friends.ContainsKey(pair)
        select $"{project.Path}: {pair} shows internals to an assembly that is no test; use or make public parts";

    public static IEnumerable<string> ForbiddenPackages(SourceFile project) =>
        project.IsUnder("src") && _withoutPackages.Contains(NameOf(project.Path))
            ? Includes(project, "PackageReference")
                .Select(package => $"{project.Path}: {NameOf(project.Path)} takes no packages, found {package}")
            : [];

    public static IEnumerable<string> MissingFromSolution(SourceFile project, string solution) =>
        OutsideTheSolution.ContainsKey(project.Path)
            || solution.Replace('\\', '/').Contains($"\"{project.Path}\"", StringComparison.Ordinal)
            ? []
            : [$"{project.Path}: not in NativeRetrieval.sln"];

    static IEnumerable<string> Includes(SourceFile project, string element) =>
        XDocument.Parse(project.Text).Descendants(element)
            .Select(item => item.Attribute("Include")?.Value ?? item.Attribute("Update")?.Value ?? "")
            .Where(name => name.Length > 0); // what is said of all items of a kind names none

    public static string NameOf(string projectPath) => Path.GetFileNameWithoutExtension(projectPath.Replace('\\', '/'));
}
