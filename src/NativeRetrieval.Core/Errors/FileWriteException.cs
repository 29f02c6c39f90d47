namespace NativeRetrieval.Core.Errors;

/// <summary>A file could not be written: disk full, no permission, folder missing. What was there before is untouched.</summary>
/// <param name="path">The target as the caller named it.</param>
public sealed class FileWriteException(string path, string problem, Exception? inner = null)
    : NativeRetrievalException($"{path}: cannot be written: {problem}", inner)
{
    /// <summary>The target as the caller named it.</summary>
    public string Path { get; } = path;
}
