namespace NativeRetrieval.Text;

/// <summary>A vocabulary or tokenizer file is missing, damaged or of a kind that is not WordPiece.</summary>
/// <param name="path">The file or folder as the caller named it.</param>
/// <param name="problem">What is wrong, what was expected and what to do.</param>
public sealed class TokenizerFileException(string path, string problem, Exception? inner = null) : IOException($"{path}: {problem}", inner)
{
    public string Path { get; } = path;

    public string Problem { get; } = problem;
}
