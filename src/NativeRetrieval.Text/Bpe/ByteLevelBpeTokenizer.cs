using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace NativeRetrieval.Text.Bpe;

/// <summary>
/// Byte-level byte-pair encoding as GPT-2 and RoBERTa have it, without special tokens. The library's own <see cref="BpeTokenizer"/> takes
/// time that grows with the square of a word's length.
/// </summary>
internal sealed class ByteLevelBpeTokenizer : Tokenizer
{
    readonly Dictionary<int, string> _tokens;
    readonly ByteLevelPreTokenizer _words = new();
    readonly int[] _byteIds;

    /// <param name="unknownId">Id of a byte that the vocabulary lacks.</param>
    public ByteLevelBpeTokenizer(Vocabulary vocabulary, MergeRules merges, int unknownId)
    {
        Merges = merges;
        _tokens = vocabulary.Ids.ToDictionary(entry => entry.Value, entry => entry.Key);
        _byteIds = new int[256];
        for (int value = 0; value < _byteIds.Length; value++)
            _byteIds[value] = vocabulary.Ids.TryGetValue(ByteAlphabet.CharacterOf[value].ToString(), out int id) ? id : unknownId;
    }

    /// <summary>Merges in their order.</summary>
    public MergeRules Merges { get; }

    /// <summary>The rule of words.</summary>
    public override PreTokenizer PreTokenizer => _words;

    /// <inheritdoc/>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        (idsConsumed, charsWritten) = (0, 0);
        // Token by token, as the destination may have room for some only; a character that two tokens share becomes U+FFFD in each.
        foreach (int id in ids)
        {
            if (!_tokens.TryGetValue(id, out string? token)) return OperationStatus.InvalidData;
            string text = ByteAlphabet.Decode(token);
            if (!text.TryCopyTo(destination[charsWritten..])) return OperationStatus.DestinationTooSmall;
            charsWritten += text.Length;
            idsConsumed++;
        }
        return OperationStatus.Done;
    }

    /// <summary>The text that the tokens' bytes are; an id that is no token's stands for U+FFFD.</summary>
    public override string Decode(IEnumerable<int> ids) =>
        Encoding.UTF8.GetString([.. ids.SelectMany(id => ByteAlphabet.Bytes(_tokens.GetValueOrDefault(id, "\uFFFD")))]);

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        if (settings.MaxTokenCount != int.MaxValue) return base.EncodeToIds(text, textSpan, settings);
        ReadOnlySpan<char> whole = text ?? textSpan;
        var ids = new List<int>();
        var merger = new WordMerger(Merges);
        foreach (var word in new Words(whole, settings.ConsiderPreTokenization)) Merge(merger, word, ids, null);
        return new() { Tokens = ids, NormalizedText = null, CharsConsumed = whole.Length };
    }

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        ReadOnlySpan<char> whole = text ?? textSpan;
        var tokens = new List<EncodedToken>();
        var merger = new WordMerger(Merges);
        List<int> ids = [], lengths = [];
        int consumed = 0, start = 0;
        foreach (var word in new Words(whole, settings.ConsiderPreTokenization))
        {
            ids.Clear();
            lengths.Clear();
            Merge(merger, word, ids, lengths);
            var places = new CharacterPlaces(word, start);
            for (int i = 0, at = 0; i < ids.Count; at += lengths[i++])
            {
                if (tokens.Count == settings.MaxTokenCount) return new() { Tokens = tokens, CharsConsumed = consumed };
                var range = places.Of(at, lengths[i]);
                tokens.Add(new EncodedToken(ids[i], _tokens.GetValueOrDefault(ids[i], ""), range));
                consumed = range.End.Value;
            }
            start += word.Length;
        }
        return new() { Tokens = tokens, CharsConsumed = whole.Length };
    }

    void Merge(WordMerger merger, ReadOnlySpan<char> word, List<int> ids, List<int>? lengths)
    {
        const int stackBytes = 256;
        int most = Encoding.UTF8.GetMaxByteCount(word.Length);
        Span<byte> bytes = most <= stackBytes ? stackalloc byte[stackBytes] : new byte[most];
        bytes = bytes[..Encoding.UTF8.GetBytes(word, bytes)];
        Span<int> symbols = most <= stackBytes ? stackalloc int[stackBytes] : new int[bytes.Length];
        symbols = symbols[..bytes.Length];
        for (int i = 0; i < symbols.Length; i++) symbols[i] = _byteIds[bytes[i]];
        merger.Merge(symbols, ids, lengths);
    }

    /// <summary>The words of a text, or the text as one.</summary>
    ref struct Words(ReadOnlySpan<char> text, bool split)
    {
        ReadOnlySpan<char> _rest = text;

        public ReadOnlySpan<char> Current { get; private set; }

        public readonly Words GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            int length = split ? ByteLevelPreTokenizer.WordLength(_rest) : _rest.Length;
            Current = _rest[..length];
            _rest = _rest[length..];
            return true;
        }
    }
}

/// <summary>Places in UTF-16 of a word's bytes in UTF-8.</summary>
/// <param name="start">Place of the word in its text.</param>
internal readonly ref struct CharacterPlaces(ReadOnlySpan<char> word, int start)
{
    readonly int[] _units = UnitOfByte(word);

    /// <summary>The characters of which a token has a byte.</summary>
    /// <param name="at">Its first byte.</param>
    public Range Of(int at, int length)
    {
        int last = at + length;
        // The end is where the next byte's character begins, or behind the character that the token's last byte is in.
        int end = last;
        while (end < _units.Length - 1 && _units[end] == _units[last - 1]) end++;
        return (start + _units[at])..(start + _units[end]);
    }

    static int[] UnitOfByte(ReadOnlySpan<char> word)
    {
        var units = new List<int>();
        int unit = 0;
        while (unit < word.Length)
        {
            Rune.DecodeFromUtf16(word[unit..], out var rune, out int consumed);
            for (int i = 0; i < rune.Utf8SequenceLength; i++) units.Add(unit);
            unit += consumed;
        }
        return [.. units, unit];
    }
}
