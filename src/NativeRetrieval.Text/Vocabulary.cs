using System.Text;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>Word pieces and their ids.</summary>
public sealed class Vocabulary
{
    /// <summary>Far beyond any real vocabulary.</summary>
    internal const int LargestId = 10_000_000;

    static readonly BertPreTokenizer _words = new();

    /// <summary>Takes the pieces of an existing model; the dictionary is kept, not copied.</summary>
    /// <exception cref="ArgumentException">An id is outside 0 … 10,000,000, or two tokens share one.</exception>
    public Vocabulary(IReadOnlyDictionary<string, int> ids)
    {
        var tokens = new Dictionary<int, string>(ids.Count);
        foreach (var (token, id) in ids)
        {
            if (id is < 0 or > LargestId)
                throw new ArgumentException($"token \"{token}\" has the id {id}: expected 0 … {LargestId}");
            if (!tokens.TryAdd(id, token))
                throw new ArgumentException($"tokens \"{tokens[id]}\" and \"{token}\" share the id {id}: give each token its own");
            Size = Math.Max(Size, id + 1);
        }
        Ids = ids;
    }

    /// <summary>Id of each word piece, 0 or more; ids may have gaps.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>Largest id + 1: the rows that an embedding table must have.</summary>
    public int Size { get; }

    /// <summary>
    /// A vocabulary of tokens in the order of their ids. A token that is listed twice gets the later id, as in Hugging Face's tokenizers.
    /// </summary>
    public static Vocabulary FromTokens(IEnumerable<string> tokens)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        int id = 0;
        foreach (string token in tokens) ids[token] = id++;
        return new Vocabulary(ids);
    }

    /// <summary>
    /// A small vocabulary for text encoders trained from scratch: the special tokens, every character that occurs or is printable ASCII
    /// (alone, and as a continuation unless it is punctuation) and then the words of the captions, the most frequent first.
    /// Any ASCII text whose words are not over-long tokenizes without an unknown token.
    /// </summary>
    /// <param name="captions">Texts in the form that queries will have; see <see cref="CaptionNormalizer"/>.</param>
    /// <param name="minimumCount">Words that occur less often are left to the character pieces. At least 1.</param>
    /// <param name="options">Special tokens and text rules; the tokenizer must be given the same.</param>
    public static Vocabulary FromCaptions(IEnumerable<string> captions, int minimumCount = 1, TextTokenizerOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumCount, 1);
        options ??= new TextTokenizerOptions();
        var normalizer = new BertNormalizer(options);
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        var characters = new SortedSet<int>();
        for (int c = '!'; c <= '~'; c++)
            if (!options.LowerCase || !char.IsAsciiLetterUpper((char)c)) characters.Add(c);

        foreach (string caption in captions) Count(normalizer.NormalForm(caption), options.MaxWordLength, words, characters);

        List<string> tokens = [options.PaddingToken, options.UnknownToken, options.ClassToken, options.SeparatorToken, options.MaskToken];
        tokens.AddRange(characters.Select(char.ConvertFromUtf32));
        tokens.AddRange(characters.Where(c => !IsPunctuation(c)).Select(c => options.ContinuationPrefix + char.ConvertFromUtf32(c)));
        tokens.AddRange(words.Where(word => word.Value >= minimumCount)
            .OrderByDescending(word => word.Value).ThenBy(word => word.Key, StringComparer.Ordinal).Select(word => word.Key));
        return FromTokens(tokens.Distinct(StringComparer.Ordinal));
    }

    /// <summary>The content of a <c>vocab.txt</c>: one token per line, its id the line's number from 0.</summary>
    /// <exception cref="InvalidOperationException">Ids have gaps, or a token holds a line break, so that lines cannot say it.</exception>
    public string ToVocabularyFile()
    {
        string?[] tokens = TokensById();
        int gap = Array.IndexOf(tokens, null);
        if (gap >= 0)
            throw new InvalidOperationException($"id {gap} has no token that fits on a line: keep this vocabulary as tokenizer.json");
        return string.Concat(tokens.Select(token => token + "\n"));
    }

    /// <summary>The vocabulary as the library reads it: a line per id. Empty lines stand for ids of no word.</summary>
    internal Stream OpenLines()
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        return new MemoryStream(strict.GetBytes(string.Join('\n', TokensById())));
    }

    // A token with a line break is no word, as words are cut at white space: its place stays empty.
    string?[] TokensById()
    {
        string?[] tokens = new string?[Size];
        foreach (var (token, id) in Ids)
            if (!token.AsSpan().ContainsAny('\n', '\r')) tokens[id] = token;
        return tokens;
    }

    static bool IsPunctuation(int codePoint) => CharacterTable.Shared[codePoint].HasFlag(CharacterClass.Punctuation);

    static void Count(string text, int maxWordLength, Dictionary<string, int> words, SortedSet<int> characters)
    {
        var byText = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (offset, length) in _words.PreTokenize(text))
        {
            var word = text.AsSpan(offset, length);
            foreach (var rune in word.EnumerateRunes()) characters.Add(rune.Value);
            int codePoints = BertPreTokenizer.CodePoints(word);
            if (codePoints > 1 && codePoints <= maxWordLength) byText[word] = byText.TryGetValue(word, out int count) ? count + 1 : 1;
        }
    }
}
