namespace NativeRetrieval.Core.Errors;

/// <summary>A folder, a pipe, a device or a socket where a file of bytes that end was expected.</summary>
/// <param name="problem">The kind of thing it is, such as <c>it is a named pipe, not a file</c>.</param>
public sealed class NotAFileException(string problem) : IOException(problem);
