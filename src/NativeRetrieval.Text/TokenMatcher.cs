using System.Buffers;

namespace NativeRetrieval.Text;

/// <summary>Finds added tokens in running text: leftmost first, the longest of those that start there.</summary>
internal sealed class TokenMatcher
{
    readonly SearchValues<string>? _contents;
    readonly AddedToken[] _longestFirst;

    public TokenMatcher(IEnumerable<AddedToken> tokens)
    {
        _longestFirst = [.. tokens.Where(token => token.Content.Length > 0).OrderByDescending(token => token.Content.Length)];
        if (_longestFirst.Length > 0)
            _contents = SearchValues.Create(Array.ConvertAll(_longestFirst, token => token.Content), StringComparison.Ordinal);
    }

    /// <summary>True: there is nothing to find.</summary>
    public bool IsEmpty => _contents is null;

    /// <summary>Position of the first token, or −1; white space that a token takes in is its own.</summary>
    /// <param name="length">UTF-16 units of the token with its white space.</param>
    public int Find(ReadOnlySpan<char> text, out int length, out int id)
    {
        (length, id) = (0, -1);
        int at = _contents is null ? -1 : text.IndexOfAny(_contents);
        if (at < 0) return -1;
        foreach (var token in _longestFirst)
            if (text[at..].StartsWith(token.Content, StringComparison.Ordinal))
            {
                int start = token.TakesLeft ? text[..at].TrimEnd().Length : at, end = at + token.Content.Length;
                if (token.TakesRight) end = text.Length - text[end..].TrimStart().Length;
                (length, id) = (end - start, token.Id);
                return start;
            }
        throw new InvalidOperationException("a search found what it did not look for");
    }
}

/// <summary>A token that is found in running text before words are split.</summary>
/// <param name="Content">The text to look for, at least one character.</param>
/// <param name="Normalized">False: found in the text as given (special tokens). True: found in the normal form of the text.</param>
internal sealed record AddedToken(string Content, int Id, bool Normalized)
{
    /// <summary>The white space on its left is part of it.</summary>
    public bool TakesLeft { get; init; }

    /// <summary>The white space on its right is part of it.</summary>
    public bool TakesRight { get; init; }
}
