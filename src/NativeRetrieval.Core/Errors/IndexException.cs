namespace NativeRetrieval.Core.Errors;

/// <summary>
/// An intact index cannot be used as asked: another process writes to it, it was built with another model or by a newer
/// version, it does not exist, or the disk refuses. What was committed before is unharmed.
/// </summary>
public sealed class IndexException(string message, Exception? inner = null) : NativeRetrievalException(message, inner);
