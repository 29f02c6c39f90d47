namespace NativeRetrieval.Benchmarks;

/// <summary>Folders of the checkout and of this machine.</summary>
internal static class Checkout
{
    /// <summary>The folder that holds <c>NativeRetrieval.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    public static string Benchmarks => Path.Combine(Root, "benchmarks");

    /// <summary>Generated peer models and inputs; may be deleted at any time.</summary>
    public static string Cache { get; } =
        Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "nativeretrieval-benchmarks")).FullName;

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "NativeRetrieval.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException(
            $"no NativeRetrieval.sln above {AppContext.BaseDirectory}: run the benchmarks from a checkout");
    }
}
