namespace NativeRetrieval.TestSupport;

/// <summary>Finds golden files: small ones in <c>tests/fixtures</c>, large ones in a folder that may be absent.</summary>
public static class Fixtures
{
    /// <summary>The folder that holds <c>NativeRetrieval.sln</c>.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Full path of a committed fixture, e.g. <c>Small("logmel.safetensors")</c>.</summary>
    public static string Small(string relativePath)
    {
        string path = Path.Combine(RepositoryRoot, "tests", "fixtures", relativePath);
        return File.Exists(path) || Directory.Exists(path) ? path : throw new FileNotFoundException($"committed fixture missing: {path}");
    }

    /// <summary>
    /// Full path of a large file or folder under <c>$NATIVERETRIEVAL_SHARED</c> (default: <c>shared</c> beside the checkout),
    /// or null where it is absent; the test then skips, naming <see cref="WhyAbsent"/>.
    /// </summary>
    public static string? Shared(string relativePath)
    {
        string root = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_SHARED") ?? Path.Combine(RepositoryRoot, "..", "shared");
        string path = Path.GetFullPath(Path.Combine(root, relativePath));
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    public static string WhyAbsent(string relativePath) =>
        $"{relativePath} is not beside this checkout (too large to commit); set NATIVERETRIEVAL_SHARED to the folder that holds it";

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "NativeRetrieval.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no NativeRetrieval.sln above {AppContext.BaseDirectory}: run the tests from a checkout");
    }
}
