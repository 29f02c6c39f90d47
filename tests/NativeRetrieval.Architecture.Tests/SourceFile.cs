using System.Text.RegularExpressions;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>One text file of the repository.</summary>
/// <param name="Path">Relative to the repository root, with forward slashes.</param>
internal sealed partial record SourceFile(string Path, string Text)
{
    public const string SampleFolder = "src/samples";

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool IsDocument => Path.EndsWith(".md", StringComparison.Ordinal);

    /// <summary>True of programs that show how a host uses the libraries; they are compiled, but not what users get.</summary>
    public bool IsSample => IsUnder(SampleFolder);

    /// <summary>True of what users get; tests, benchmarks and samples are held to less.</summary>
    public bool IsShipped => (IsUnder("src") && !IsSample) || IsUnder("weights-convert");

    public bool IsUnder(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>The text without its comments: what is said about a call is not a call.</summary>
    public string Code => Comments().Replace(Text, "");

    public int LineOf(int offset) => Text.AsSpan(0, offset).Count('\n') + 1;

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();
}
