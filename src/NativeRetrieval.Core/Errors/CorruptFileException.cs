namespace NativeRetrieval.Core.Errors;

/// <summary>A file was read and refused: damaged, truncated, hostile or of another format. The process exit code is 5.</summary>
/// <param name="path">The file as the caller named it.</param>
/// <param name="problem">The fault and its place, e.g. <c>header length 9 GB exceeds the file's 1.2 MB</c>.</param>
public class CorruptFileException(string path, string problem, Exception? inner = null)
    : NativeRetrievalException($"{path}: {problem}", inner)
{
    /// <summary>The file as the caller named it.</summary>
    public string Path { get; } = path;

    /// <summary>The fault and its place, without the path.</summary>
    public string Problem { get; } = problem;
}
