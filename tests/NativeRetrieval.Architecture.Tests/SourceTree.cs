using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>The text files that people write: sources, projects, scripts and documents, without build output and golden files.</summary>
internal static class SourceTree
{
    static readonly string[] _folders = ["src", "tests", "benchmarks", "kernels", "weights-convert", ".ci"];
    static readonly string[] _skipped = ["bin", "obj", "out", "node_modules", "fixtures", "results", "TestResults"];
    static readonly string[] _extensions = [".cs", ".csproj", ".props", ".targets", ".json", ".js", ".mjs", ".ts", ".css", ".html", ".md",
        ".cu", ".cuh", ".cpp", ".h", ".sh", ".py", ".yaml", ".yml", ""];

    public static IReadOnlyList<SourceFile> Files { get; } =
        [.. _folders.Select(name => System.IO.Path.Combine(Fixtures.RepositoryRoot, name))
                    .Where(Directory.Exists)
                    .SelectMany(Walk)
                    .Concat(Directory.EnumerateFiles(Fixtures.RepositoryRoot))
                    .Where(path => _extensions.Contains(Path.GetExtension(path)) || path.EndsWith(".sln", StringComparison.Ordinal))
                    .Select(path => new SourceFile(Relative(path), File.ReadAllText(path)))
                    .OrderBy(file => file.Path, StringComparer.Ordinal)];

    public static IEnumerable<SourceFile> CSharp => Files.Where(file => file.IsCSharp);

    public static IEnumerable<SourceFile> Documents => Files.Where(file => file.IsDocument);

    /// <summary>Sources that are read in an editor: C#, CUDA, the emulator's, the page's, and scripts.</summary>
    public static IEnumerable<SourceFile> Code => Files.Where(file => file.Path == ".ci/run" || Path.GetExtension(file.Path)
        is ".cs" or ".cu" or ".cuh" or ".cpp" or ".h" or ".ts" or ".mjs" or ".css" or ".html" or ".sh" or ".py");

    public static IEnumerable<SourceFile> Projects => Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    /// <summary>The text of a document, "" for any other file or folder that is there, or null.</summary>
    public static string? Find(string path)
    {
        string full = System.IO.Path.Combine(Fixtures.RepositoryRoot, path);
        return Documents.FirstOrDefault(file => file.Path == path)?.Text ?? (System.IO.Path.Exists(full) ? "" : null);
    }

    static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(
            Directory.EnumerateDirectories(folder).Where(path => !_skipped.Contains(Path.GetFileName(path))).SelectMany(Walk));

    static string Relative(string path) => Path.GetRelativePath(Fixtures.RepositoryRoot, path).Replace('\\', '/');
}
