namespace NativeRetrieval.TestSupport;

/// <summary>An empty folder that is deleted with all it holds.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("nativeretrieval-").FullName;

    /// <summary>The path of something inside.</summary>
    public string this[string relativePath] => Path.Combine(FullPath, relativePath);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
