using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Text.Unicode;

namespace NativeRetrieval.Text;

/// <summary>
/// BERT's WordPiece tokenizer; ids equal those of Hugging Face's BertTokenizer. Text is cleaned and normalised, split at white space and
/// around punctuation, and each word is cut greedily into the longest pieces of the vocabulary; a word that cannot be cut is unknown.
/// Any UTF-16 text is accepted. Immutable, so one instance serves any number of threads.
/// </summary>
public sealed class WordPieceTokenizer
{
    static readonly CharacterTable _characters = CharacterTable.Shared;

    readonly BertNormalizer _normalizer;
    readonly PieceTrie _pieces;
    readonly TokenMatcher _addedToText, _addedToNormalForm;
    readonly int _unknownId, _classId, _separatorId;

    /// <summary>A tokenizer over a vocabulary.</summary>
    /// <param name="options">Null: those of bert-base-uncased.</param>
    /// <exception cref="ArgumentException">The vocabulary lacks a special token that the options name, or an option is out of
    /// range.</exception>
    public WordPieceTokenizer(Vocabulary vocabulary, WordPieceOptions? options = null) : this(vocabulary, options, [])
    {
    }

    internal WordPieceTokenizer(Vocabulary vocabulary, WordPieceOptions? options, IReadOnlyList<AddedToken> added)
    {
        Options = (options ?? new WordPieceOptions()).Validated();
        Vocabulary = vocabulary;
        _unknownId = Special(Options.UnknownToken);
        _classId = Special(Options.ClassToken);
        _separatorId = Special(Options.SeparatorToken);
        PaddingId = Special(Options.PaddingToken);

        _normalizer = new BertNormalizer(Options);
        _pieces = new PieceTrie(vocabulary.Ids, Options.ContinuationPrefix);

        string[] specials = [Options.UnknownToken, Options.ClassToken, Options.SeparatorToken, Options.PaddingToken, Options.MaskToken];
        var inText = added.Where(token => !token.Normalized).Select(token => (token.Content, token.Id))
            .Concat(specials.Where(vocabulary.Ids.ContainsKey).Select(token => (token, vocabulary.Ids[token])));
        _addedToText = new TokenMatcher(inText.DistinctBy(token => token.Item1));
        _addedToNormalForm = new TokenMatcher(added.Where(token => token.Normalized).Select(token => (Normalize(token.Content), token.Id)));
    }

    WordPieceTokenizer(WordPieceTokenizer other, WordPieceOptions options)
    {
        Options = options.Validated();
        Vocabulary = other.Vocabulary;
        PaddingId = other.PaddingId;
        (_unknownId, _classId, _separatorId) = (other._unknownId, other._classId, other._separatorId);
        (_normalizer, _pieces) = (other._normalizer, other._pieces);
        (_addedToText, _addedToNormalForm) = (other._addedToText, other._addedToNormalForm);
    }

    /// <summary>Rules that the tokenizer follows.</summary>
    public WordPieceOptions Options { get; }

    /// <summary>Word pieces and their ids.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Id of <see cref="WordPieceOptions.PaddingToken"/>, which fills up the rows of a <see cref="TokenBatch"/>.</summary>
    public int PaddingId { get; }

    /// <summary>
    /// Reads a Hugging Face folder (<c>vocab.txt</c> or <c>tokenizer.json</c>, settings from <c>tokenizer_config.json</c>) or one such
    /// file.
    /// </summary>
    /// <exception cref="CorruptFileException">A file is missing, damaged or describes another kind of tokenizer.</exception>
    public static WordPieceTokenizer FromFile(string folderOrVocabulary) => TokenizerFiles.Read(folderOrVocabulary);

    /// <summary>The same tokenizer with another <see cref="WordPieceOptions.MaxLength"/>; vocabulary and tables are shared.</summary>
    public WordPieceTokenizer WithMaxLength(int maxLength) => new(this, Options with { MaxLength = maxLength });

    /// <summary>[CLS], the pieces of <paramref name="text"/>, [SEP]; pieces past the limit are cut off.</summary>
    /// <param name="maxLength">Most ids to return, at least 2; null: <see cref="WordPieceOptions.MaxLength"/>.</param>
    public int[] Encode(string text, int? maxLength = null)
    {
        var ids = new ValueBuffer<int>(stackalloc int[128]);
        Encode(text, Limit(maxLength), ref ids);
        int[] result = ids.Items.ToArray();
        ids.Dispose();
        return result;
    }

    /// <summary>Encodes each text and pads to the longest of them.</summary>
    /// <param name="maxLength">Most ids of one text, at least 2; null: <see cref="WordPieceOptions.MaxLength"/>.</param>
    public TokenBatch EncodeBatch(IReadOnlyList<string> texts, int? maxLength = null)
    {
        int limit = Limit(maxLength), width = 0;
        int[] lengths = new int[texts.Count];
        var all = new ValueBuffer<int>(stackalloc int[1024]);
        for (int row = 0; row < lengths.Length; row++)
        {
            int start = all.Count;
            Encode(texts[row], limit, ref all);
            lengths[row] = all.Count - start;
            width = Math.Max(width, lengths[row]);
        }

        int[] padded = new int[checked(lengths.Length * width)];
        Array.Fill(padded, PaddingId);
        for (int row = 0, start = 0; row < lengths.Length; start += lengths[row++])
            all.Items.Slice(start, lengths[row]).CopyTo(padded.AsSpan(row * width));
        all.Dispose();
        return new TokenBatch(padded, lengths, width);
    }

    /// <summary>Appends at most <paramref name="limit"/> ids.</summary>
    void Encode(string text, int limit, ref ValueBuffer<int> ids)
    {
        ArgumentNullException.ThrowIfNull(text);
        int last = ids.Count + limit - 1;      // where [SEP] comes to lie at the latest
        ids.Add(_classId);
        for (var rest = text.AsSpan(); !rest.IsEmpty && ids.Count < last;)
        {
            int at = _addedToText.Find(rest, out int length, out int id);
            EncodeSegment(at < 0 ? rest : rest[..at], last, ref ids);
            if (at < 0) break;
            ids.Add(id);
            rest = rest[(at + length)..];
        }
        ids.Truncate(last);
        ids.Add(_separatorId);
    }

    void EncodeSegment(scoped ReadOnlySpan<char> segment, int last, ref ValueBuffer<int> ids)
    {
        var normal = new ValueBuffer<char>(stackalloc char[512]);
        _normalizer.Normalize(segment, ref normal);
        for (ReadOnlySpan<char> rest = normal.Items; !rest.IsEmpty && ids.Count < last;)
        {
            int at = _addedToNormalForm.Find(rest, out int length, out int id);
            EncodeWords(at < 0 ? rest : rest[..at], last, ref ids);
            if (at < 0) break;
            ids.Add(id);
            rest = rest[(at + length)..];
        }
        normal.Dispose();
    }

    void EncodeWords(scoped ReadOnlySpan<char> text, int last, ref ValueBuffer<int> ids)
    {
        int start = 0, codePoints = 0;
        for (int i = 0; i < text.Length && ids.Count < last;)
        {
            int c = text[i], units = 1;
            if (char.IsSurrogate((char)c))
            {
                Rune.DecodeFromUtf16(text[i..], out var rune, out units);
                c = rune.Value;
            }
            var kind = _characters[c] & (CharacterClass.Space | CharacterClass.Punctuation);
            if (kind == CharacterClass.None) codePoints++;
            else
            {
                if (codePoints > 0) EncodeWord(text[start..i], codePoints, ref ids);
                if (kind != CharacterClass.Space) EncodeWord(text.Slice(i, units), 1, ref ids);
                (start, codePoints) = (i + units, 0);
            }
            i += units;
        }
        if (codePoints > 0) EncodeWord(text[start..], codePoints, ref ids);
    }

    void EncodeWord(scoped ReadOnlySpan<char> word, int codePoints, ref ValueBuffer<int> ids)
    {
        int before = ids.Count;
        int root = codePoints > Options.MaxWordLength ? -1 : PieceTrie.WordStart;
        while (root >= 0 && !word.IsEmpty)
        {
            int id = _pieces.LongestMatch(root, word, out int length);
            if (id < 0) break;
            ids.Add(id);
            word = word[length..];
            root = PieceTrie.Continuation;
        }
        if (word.IsEmpty) return;
        ids.Truncate(before);
        ids.Add(_unknownId);
    }

    string Normalize(string text)
    {
        var normal = new ValueBuffer<char>(stackalloc char[64]);
        _normalizer.Normalize(text, ref normal);
        string result = new(normal.Items);
        normal.Dispose();
        return result;
    }

    int Limit(int? maxLength)
    {
        int limit = maxLength ?? Options.MaxLength;
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 2, nameof(maxLength));
        return limit;
    }

    int Special(string token) => Vocabulary.Ids.TryGetValue(token, out int id) ? id
        : throw new ArgumentException($"the vocabulary of {Vocabulary.Ids.Count} tokens has no {token}, which BERT's input needs: name "
            + "the right token in the options or use the model's own vocabulary");
}
