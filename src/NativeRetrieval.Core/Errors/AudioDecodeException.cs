namespace NativeRetrieval.Core.Errors;

/// <summary>A sound file cannot be decoded. Batch commands skip it, list it and exit with 3.</summary>
public sealed class AudioDecodeException(string path, string problem, Exception? inner = null)
    : CorruptFileException(path, problem, inner);
