using System.Text;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// <c>*</c> any characters but the slash, <c>**</c> any characters, <c>?</c> one character but the slash; everything else
/// stands for itself. A pattern without a slash is matched against the file name, another against the end of the path
/// from some folder on; one that begins with a slash against the whole path.
/// </summary>
internal sealed class PathGlob
{
    /// <summary>Bounds of a pattern: it becomes an automaton that grows with it.</summary>
    public const int LongestPattern = 1024, MostWildcards = 64;

    readonly Regex _regex;

    /// <summary>True where nothing before the last slash can matter.</summary>
    readonly bool _isOfName;

    /// <summary>
    /// The same as a regular expression that POSIX engines and RE2 understand, to be found in a whole path with slashes.
    /// </summary>
    public string ServerPattern { get; }

    /// <param name="ignoresCase">True to take small and capital letters for the same.</param>
    public PathGlob(string pattern, bool ignoresCase = false)
    {
        pattern = pattern.Replace('\\', '/');
        _isOfName = !pattern.Contains('/', StringComparison.Ordinal) && !pattern.Contains("**", StringComparison.Ordinal);
        var text = new StringBuilder(_isOfName || pattern.StartsWith('/') ? "^" : "(^|/)");
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern.AsSpan(i).StartsWith("**/")) { text.Append("(.*/)?"); i += 2; }
            else if (pattern.AsSpan(i).StartsWith("**")) { text.Append(".*"); i++; }
            else if (pattern[i] == '*') text.Append("[^/]*");
            else if (pattern[i] == '?') text.Append("[^/]");
            else text.Append(Regex.Escape(pattern[i].ToString()));
        }
        text.Append('$');
        ServerPattern = _isOfName ? $"(^|/){text.ToString(1, text.Length - 1)}" : text.ToString();
        // Without back-tracking a hostile pattern cannot take more than linear time.
        _regex = new Regex(text.ToString(),
            RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline
                | (ignoresCase ? RegexOptions.IgnoreCase : RegexOptions.None));
    }

    /// <exception cref="OptionException">A pattern is empty or too long, or all have too many wildcards.</exception>
    public static void Require(params IReadOnlyList<string> patterns)
    {
        if (patterns.Contains("")) throw new OptionException("search: the path filter is empty");
        if (patterns.FirstOrDefault(pattern => pattern.Length > LongestPattern) is { } longest)
            throw new OptionException($"search: the path filter has {longest.Length:N0} characters; at most {LongestPattern:N0}");
        if (patterns.Sum(pattern => pattern.Count(c => c is '*' or '?')) > MostWildcards)
            throw new OptionException($"search: the path filter has more than {MostWildcards} wildcards; take fewer");
    }

    public bool Matches(string fullPath)
    {
        var path = fullPath.Replace('\\', '/').AsSpan();
        return _regex.IsMatch(_isOfName ? path[(path.LastIndexOf('/') + 1)..] : path);
    }
}
