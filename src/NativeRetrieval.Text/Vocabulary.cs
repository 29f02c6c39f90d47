using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>Word pieces and their ids.</summary>
public sealed class Vocabulary
{
    /// <summary>Takes the pieces of an existing model; the dictionary is kept, not copied.</summary>
    /// <exception cref="ArgumentException">An id is negative.</exception>
    public Vocabulary(IReadOnlyDictionary<string, int> ids)
    {
        foreach (var (token, id) in ids)
        {
            if (id < 0) throw new ArgumentException($"token \"{token}\" has the id {id}: ids start at 0");
            Size = Math.Max(Size, checked(id + 1));
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
    public static Vocabulary FromCaptions(IEnumerable<string> captions, int minimumCount = 1, WordPieceOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumCount, 1);
        options ??= new WordPieceOptions();
        var normalizer = new BertNormalizer(options);
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        var characters = new SortedSet<int>();
        for (int c = '!'; c <= '~'; c++)
            if (!options.LowerCase || !char.IsAsciiLetterUpper((char)c)) characters.Add(c);

        var normal = new ValueBuffer<char>(stackalloc char[512]);
        foreach (string caption in captions)
        {
            normal.Truncate(0);
            normalizer.Normalize(caption, ref normal);
            Count(normal.Items, options.MaxWordLength, words, characters);
        }
        normal.Dispose();

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
        string?[] tokens = new string?[Size];
        foreach (var (token, id) in Ids) tokens[id] = token;
        int gap = Array.FindIndex(tokens, token => token is null || token.AsSpan().ContainsAny('\n', '\r'));
        if (gap >= 0)
            throw new InvalidOperationException($"id {gap} has no token that fits on a line: keep this vocabulary as tokenizer.json");
        return string.Concat(tokens.Select(token => token + "\n"));
    }

    static bool IsPunctuation(int codePoint) => CharacterTable.Shared[codePoint].HasFlag(CharacterClass.Punctuation);

    // Words are cut as the tokenizer cuts them: at white space and around punctuation.
    static void Count(ReadOnlySpan<char> text, int maxWordLength, Dictionary<string, int> words, SortedSet<int> characters)
    {
        var byText = words.GetAlternateLookup<ReadOnlySpan<char>>();
        int start = 0, length = 0, at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var kind = CharacterTable.Shared[rune.Value];
            bool space = kind.HasFlag(CharacterClass.Space), apart = space || kind.HasFlag(CharacterClass.Punctuation);
            if (apart) End(text[start..at]);
            if (!space) characters.Add(rune.Value);
            at += rune.Utf16SequenceLength;
            if (apart) start = at;
            else length++;
        }
        End(text[start..]);

        void End(ReadOnlySpan<char> word)
        {
            if (length > 1 && length <= maxWordLength) byText[word] = byText.TryGetValue(word, out int count) ? count + 1 : 1;
            length = 0;
        }
    }
}
