using System.Buffers;

namespace NativeRetrieval.Text;

/// <summary>Finds added tokens in running text: leftmost first, the longest of those that start there.</summary>
internal sealed class TokenMatcher
{
    readonly SearchValues<string>? _contents;
    readonly (string Content, int Id)[] _longestFirst;

    public TokenMatcher(IEnumerable<(string Content, int Id)> tokens)
    {
        _longestFirst = [.. tokens.Where(token => token.Content.Length > 0).OrderByDescending(token => token.Content.Length)];
        if (_longestFirst.Length > 0)
            _contents = SearchValues.Create(Array.ConvertAll(_longestFirst, token => token.Content), StringComparison.Ordinal);
    }

    /// <summary>True: there is nothing to find.</summary>
    public bool IsEmpty => _contents is null;

    /// <summary>Position of the first token, or −1.</summary>
    public int Find(ReadOnlySpan<char> text, out int length, out int id)
    {
        (length, id) = (0, -1);
        int at = _contents is null ? -1 : text.IndexOfAny(_contents);
        if (at < 0) return -1;
        foreach (var token in _longestFirst)
            if (text[at..].StartsWith(token.Content, StringComparison.Ordinal))
            {
                (length, id) = (token.Content.Length, token.Id);
                return at;
            }
        throw new InvalidOperationException("a search found what it did not look for");
    }
}
