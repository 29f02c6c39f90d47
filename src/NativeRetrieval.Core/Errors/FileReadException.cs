namespace NativeRetrieval.Core.Errors;

/// <summary>
/// A file could not be opened or read: absent, no permission, disk error. Its content is another matter:
/// <see cref="CorruptFileException"/>.
/// </summary>
/// <param name="path">The file as the caller named it.</param>
public sealed class FileReadException(string path, string problem, Exception? inner = null)
    : NativeRetrievalException($"{path}: cannot be read: {problem}", inner)
{
    /// <summary>The file as the caller named it.</summary>
    public string Path { get; } = path;
}
