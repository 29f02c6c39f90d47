namespace NativeRetrieval.Core.Errors;

/// <summary>An index folder does not hold what its catalogue promises.</summary>
public sealed class IndexCorruptException(string path, string problem, Exception? inner = null)
    : CorruptFileException(path, problem, inner);
