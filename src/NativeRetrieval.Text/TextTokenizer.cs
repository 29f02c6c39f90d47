using Microsoft.ML.Tokenizers;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Text.Bpe;

namespace NativeRetrieval.Text;

/// <summary>
/// The input of a text encoder: [CLS], the tokens of a text, [SEP], cut at a limit and padded to a batch. The tokens come from a
/// <see cref="Microsoft.ML.Tokenizers.Tokenizer"/>, BERT's WordPiece, RoBERTa's byte-level BPE or a host's own; special tokens are found
/// in the text before it. Ids equal those of Hugging Face's BertTokenizer and RobertaTokenizer. Any UTF-16 text is accepted; a lone
/// surrogate is read as U+FFFD. Immutable, so one instance serves any number of threads, if the host's tokenizer does.
/// </summary>
public sealed class TextTokenizer
{
    readonly BertNormalizer _normalizer;
    readonly TokenMatcher _addedToText, _addedToNormalForm;
    readonly int _unknownId, _classId, _separatorId;

    /// <summary>A tokenizer over a vocabulary.</summary>
    /// <param name="options">Null: those of bert-base-uncased.</param>
    /// <param name="tokenizer">
    /// A host's own, whose ids are those of <paramref name="vocabulary"/>; of the options, only the special tokens and
    /// <see cref="TextTokenizerOptions.MaxLength"/> concern it. Null: BERT's WordPiece.
    /// </param>
    /// <exception cref="ArgumentException">The vocabulary lacks a special token that the options name, or an option is out of
    /// range.</exception>
    public TextTokenizer(Vocabulary vocabulary, TextTokenizerOptions? options = null, Tokenizer? tokenizer = null)
        : this(vocabulary, options, tokenizer, merges: null, [])
    {
    }

    internal TextTokenizer(Vocabulary vocabulary, TextTokenizerOptions? options, Tokenizer? tokenizer, MergeRules? merges,
        IReadOnlyList<AddedToken> added)
    {
        Options = (options ?? new TextTokenizerOptions()).Validated();
        Vocabulary = vocabulary;
        _unknownId = Special(Options.UnknownToken);
        _classId = Special(Options.ClassToken);
        _separatorId = Special(Options.SeparatorToken);
        PaddingId = Special(Options.PaddingToken);

        _normalizer = new BertNormalizer(Options);
        Kind = tokenizer is not null ? TokenizerKind.HostsOwn : merges is null ? TokenizerKind.WordPiece : TokenizerKind.ByteLevelBpe;
        Tokenizer = tokenizer ?? (merges is null ? WordPiece() : new ByteLevelBpeTokenizer(vocabulary, merges, _unknownId));
        Added = added;

        string[] specials = [Options.UnknownToken, Options.ClassToken, Options.SeparatorToken, Options.PaddingToken, Options.MaskToken];
        // Byte-level BPE has no normal form but the text itself.
        var inText = added.Where(token => !token.Normalized || merges is not null)
            .Concat(specials.Where(vocabulary.Ids.ContainsKey)
                .Select(token => new AddedToken(token, vocabulary.Ids[token], Normalized: false)
                {
                    TakesLeft = merges is not null && token == Options.MaskToken,
                }));
        _addedToText = new TokenMatcher(inText.DistinctBy(token => token.Content));
        _addedToNormalForm = new TokenMatcher(added.Where(token => token.Normalized && merges is null)
            .Select(token => token with { Content = _normalizer.NormalForm(token.Content) }));
    }

    TextTokenizer(TextTokenizer other, TextTokenizerOptions options)
    {
        Options = options.Validated();
        (Vocabulary, Tokenizer, Kind, PaddingId, Added) = (other.Vocabulary, other.Tokenizer, other.Kind, other.PaddingId, other.Added);
        (_unknownId, _classId, _separatorId) = (other._unknownId, other._classId, other._separatorId);
        (_normalizer, _addedToText, _addedToNormalForm) = (other._normalizer, other._addedToText, other._addedToNormalForm);
    }

    /// <summary>Rules that the tokenizer follows.</summary>
    public TextTokenizerOptions Options { get; }

    /// <summary>Tokens and their ids.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Tokenizer of the text between special tokens.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Kind of <see cref="Tokenizer"/>.</summary>
    public TokenizerKind Kind { get; }

    /// <summary>Id of <see cref="TextTokenizerOptions.PaddingToken"/>, which fills up the rows of a <see cref="TokenBatch"/>.</summary>
    public int PaddingId { get; }

    /// <summary>Tokens that files add to the special ones.</summary>
    internal IReadOnlyList<AddedToken> Added { get; }

    /// <summary>RoBERTa's byte-level BPE.</summary>
    /// <param name="vocabulary">Ids of the byte alphabet's characters, of all merged tokens and of the special ones.</param>
    /// <param name="merges">Tokens that become one, the first listed first.</param>
    /// <param name="options">Null: <see cref="TextTokenizerOptions.Roberta"/>.</param>
    /// <exception cref="ArgumentException">The vocabulary lacks a token of a merge or a special one.</exception>
    public static TextTokenizer ByteLevelBpe(Vocabulary vocabulary, IReadOnlyList<(string Left, string Right)> merges,
        TextTokenizerOptions? options = null) =>
        new(vocabulary, options ?? TextTokenizerOptions.Roberta, null, new MergeRules(vocabulary, merges), []);

    /// <summary>
    /// Reads a Hugging Face folder (<c>vocab.txt</c>, <c>vocab.json</c> with <c>merges.txt</c>, or <c>tokenizer.json</c>; settings from
    /// <c>tokenizer_config.json</c>), or a <c>vocab.txt</c> or <c>tokenizer.json</c> alone.
    /// </summary>
    /// <exception cref="CorruptFileException">A file is missing, damaged or describes another kind of tokenizer.</exception>
    public static TextTokenizer FromFile(string folderOrVocabulary) => TokenizerFiles.Read(folderOrVocabulary);

    /// <summary>
    /// The tokenizer as files of a Hugging Face folder, from which <see cref="FromFile"/> reads it: the vocabulary, its merges where it has
    /// some, and last <c>tokenizer_config.json</c>.
    /// </summary>
    /// <exception cref="OptionException">A host brought the tokenizer, or it has a setting that the files cannot say.</exception>
    public IReadOnlyList<(string Name, string Content)> ToFiles() => TokenizerFolder.Write(this);

    /// <summary>The same tokenizer with another <see cref="TextTokenizerOptions.MaxLength"/>; vocabulary and tables are shared.</summary>
    public TextTokenizer WithMaxLength(int maxLength) => new(this, Options with { MaxLength = maxLength });

    /// <summary>[CLS], the tokens of <paramref name="text"/>, [SEP]; tokens past the limit are cut off.</summary>
    /// <param name="maxLength">Most ids to return, at least 2; null: <see cref="TextTokenizerOptions.MaxLength"/>.</param>
    public int[] Encode(string text, int? maxLength = null) => [.. Ids(text, Limit(maxLength))];

    /// <summary>Encodes each text and pads to the longest of them.</summary>
    /// <param name="maxLength">Most ids of one text, at least 2; null: <see cref="TextTokenizerOptions.MaxLength"/>.</param>
    public TokenBatch EncodeBatch(IReadOnlyList<string> texts, int? maxLength = null)
    {
        int limit = Limit(maxLength);
        List<int>[] rows = [.. texts.Select(text => Ids(text, limit))];
        int[] lengths = Array.ConvertAll(rows, row => row.Count);
        int width = lengths.DefaultIfEmpty().Max();
        int[] padded = new int[checked(rows.Length * width)];
        Array.Fill(padded, PaddingId);
        for (int row = 0; row < rows.Length; row++) rows[row].CopyTo(padded, row * width);
        return new TokenBatch(padded, lengths, width) { UnknownId = _unknownId };
    }

    List<int> Ids(string text, int limit)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = [_classId];
        for (var rest = text.AsSpan(); ids.Count < limit;)
        {
            int at = _addedToText.Find(rest, out int length, out int id);
            AddSegment(at < 0 ? rest : rest[..at], ids);
            if (at < 0) break;
            ids.Add(id);
            rest = rest[(at + length)..];
        }
        if (ids.Count >= limit) ids.RemoveRange(limit - 1, ids.Count - limit + 1);
        ids.Add(_separatorId);
        return ids;
    }

    void AddSegment(ReadOnlySpan<char> segment, List<int> ids)
    {
        if (_addedToNormalForm.IsEmpty)
        {
            ids.AddRange(Tokenizer.EncodeToIds(segment));
            return;
        }
        // The normal form is its own normal form, so the stretches between tokens can go through the whole tokenizer.
        for (ReadOnlySpan<char> rest = _normalizer.NormalForm(segment); ;)
        {
            int at = _addedToNormalForm.Find(rest, out int length, out int id);
            ids.AddRange(Tokenizer.EncodeToIds(at < 0 ? rest : rest[..at]));
            if (at < 0) return;
            ids.Add(id);
            rest = rest[(at + length)..];
        }
    }

    WordPieceTokenizer WordPiece()
    {
        using var vocabulary = Vocabulary.OpenLines();
        return WordPieceTokenizer.Create(vocabulary, new WordPieceOptions
        {
            Normalizer = _normalizer,
            PreTokenizer = new BertPreTokenizer(),
            UnknownToken = Options.UnknownToken,
            ContinuingSubwordPrefix = Options.ContinuationPrefix,
            // In UTF-16 units, of which a code point has at most two; the normaliser keeps to the limit in code points.
            MaxInputCharsPerWord = 2 * Options.MaxWordLength,
        });
    }

    int Limit(int? maxLength)
    {
        int limit = maxLength ?? Options.MaxLength;
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 2, nameof(maxLength));
        return limit;
    }

    int Special(string token) => Vocabulary.Ids.TryGetValue(token, out int id) ? id
        : throw new ArgumentException($"the vocabulary of {Vocabulary.Ids.Count} tokens has no {token}, which the encoder's input needs: "
            + "name the right token in the options or use the model's own vocabulary");
}

/// <summary>Kind of a text's tokens.</summary>
public enum TokenizerKind : byte
{
    /// <summary>BERT's word pieces.</summary>
    WordPiece,

    /// <summary>RoBERTa's byte-level byte-pair encoding.</summary>
    ByteLevelBpe,

    /// <summary>Those of a tokenizer that a host brought.</summary>
    HostsOwn,
}
