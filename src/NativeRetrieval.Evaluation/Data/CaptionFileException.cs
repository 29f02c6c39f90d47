using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>A caption file was refused. The message names file and line, counted from 1, the header being line 1.</summary>
public sealed class CaptionFileException(string path, int line, string problem, Exception? inner = null)
    : CorruptFileException(path, $"line {line}: {problem}", inner)
{
    /// <summary>Line of the caption file, counted from 1.</summary>
    public int Line { get; } = line;
}
