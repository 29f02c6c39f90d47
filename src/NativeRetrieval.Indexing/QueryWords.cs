namespace NativeRetrieval.Indexing;

/// <summary>The words of a sentence that a search looks for in the text of recordings.</summary>
public static class QueryWords
{
    const int MostWords = 64, LongestWord = 100;

    /// <summary>English words without a meaning of their own, and those that every description of a sound may have.</summary>
    static readonly HashSet<string> _stopWords = new(StringComparer.Ordinal)
    {
        "a", "an", "and", "are", "as", "at", "be", "been", "being", "but", "by", "can", "do", "does", "for", "from", "had", "has", "have",
        "he", "her", "his", "i", "in", "into", "is", "it", "its", "like", "me", "my", "of", "off", "on", "onto", "or", "our", "out", "over",
        "she", "so", "some", "someone", "something", "that", "the", "their", "them", "then", "there", "these", "they", "this",
        "those", "to", "up",
        "was", "we", "were", "what", "when", "where", "which", "while", "who", "with", "you", "your", "sound", "sounds", "noise", "hear",
        "heard", "hearing", "audio", "recording",
    };

    /// <summary>
    /// Words in lower case, each once, without those that mean nothing; all words where no other is left. At most 64.
    /// </summary>
    public static IReadOnlyList<string> Of(string sentence)
    {
        string[] words = [.. WordSplitter.Split(sentence).ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Length <= LongestWord).Distinct()];
        string[] telling = [.. words.Where(word => !_stopWords.Contains(word))];
        return [.. (telling.Length > 0 ? telling : words).Take(MostWords)];
    }

    /// <summary>A word as an expression of FTS5: in quotation marks it is nothing but a word to it.</summary>
    internal static string Quoted(string word) => $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
