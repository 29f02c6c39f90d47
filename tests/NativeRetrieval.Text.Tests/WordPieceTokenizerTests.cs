namespace NativeRetrieval.Text.Tests;

public class WordPieceTokenizerTests
{
    static readonly WordPieceTokenizer _tokenizer = Tokenizers.Uncased;

    [Theory]
    [InlineData("A dog is barking.", "a dog is barking .")]
    [InlineData("unaffable", "una ##ffa ##ble")]
    [InlineData("Café NAÏVE", "cafe naive")]
    [InlineData("rock'n'roll!?", "rock ' n ' roll ! ?")]
    [InlineData("a\u00a0b\tc\u3000d", "a b c d")]
    [InlineData("[CLS]x[MASK]", "[CLS] x [MASK]")]
    [InlineData("[cls]", "[ cl ##s ]")]
    [InlineData("犬ab鯨", "犬 ab [UNK]")]
    public void Text_is_cut_into_the_longest_pieces(string text, string pieces) => Assert.Equal(pieces.Split(' '), _tokenizer.Pieces(text));

    [Fact]
    public void Truncation_keeps_the_class_and_separator_tokens()
    {
        int[] all = _tokenizer.Encode("a dog barks, and birds sing in the distance");
        for (int limit = 2; limit <= all.Length + 2; limit++)
        {
            int[] expected = limit >= all.Length ? all : [.. all[..(limit - 1)], all[^1]];
            Assert.Equal(expected, _tokenizer.Encode("a dog barks, and birds sing in the distance", limit));
        }
    }

    [Fact]
    public void A_word_that_turns_out_unknown_leaves_none_of_its_pieces_behind()
    {
        // U+4DFF is in no piece, so the word cannot be cut to its end, wherever the limit lies.
        for (int limit = 3; limit <= 6; limit++) Assert.Equal([101, 100, 102], _tokenizer.Encode("unaffable\u4dff", limit));
    }

    [Fact]
    public void A_limit_without_room_for_both_special_tokens_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.Encode("dog", 1));

    [Fact]
    public void A_batch_is_padded_to_its_longest_text()
    {
        var batch = _tokenizer.EncodeBatch(["a dog", "", "a dog barks loudly at night"], maxLength: 6);

        Assert.Equal((3, 6), (batch.Count, batch.Width));
        Assert.Equal([4, 2, 6], batch.Lengths);
        Assert.Equal([101, 1037, 3899, 102, 0, 0, 101, 102, 0, 0, 0, 0], batch.Ids[..12]);
        Assert.Equal(_tokenizer.Encode("a dog barks loudly at night", 6), batch.Row(2));
    }

    [Fact]
    public void An_empty_batch_has_no_width()
    {
        var batch = _tokenizer.EncodeBatch([]);
        Assert.Equal((0, 0, 0), (batch.Count, batch.Width, batch.Ids.Length));
    }

    [Fact]
    public void Batches_larger_than_the_first_buffers_come_out_whole()
    {
        string[] texts = [.. Enumerable.Range(0, 300).Select(i => string.Concat(Enumerable.Repeat($"word{i} ", i)))];
        var batch = _tokenizer.EncodeBatch(texts, 512);
        for (int row = 0; row < texts.Length; row++) Assert.Equal(_tokenizer.Encode(texts[row], 512), batch.Row(row));
    }

    [Fact]
    public void Accents_and_case_stay_where_the_options_keep_them()
    {
        var vocabulary = Vocabulary.FromTokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "É", "é", "e", "E", "i\u0307"]);
        string Pieces(string text, bool lower, bool? strip) =>
            string.Join(' ', new WordPieceTokenizer(vocabulary, new WordPieceOptions { LowerCase = lower, StripAccents = strip })
                .Pieces(text));

        Assert.Equal("e", Pieces("É", lower: true, strip: null));
        Assert.Equal("é", Pieces("É", lower: true, strip: false));
        Assert.Equal("É", Pieces("É", lower: false, strip: null));
        Assert.Equal("E", Pieces("É", lower: false, strip: true));
        Assert.Equal("i\u0307", Pieces("\u0130", lower: true, strip: false));
    }

    [Fact]
    public void A_vocabulary_without_a_special_token_is_refused_by_its_name()
    {
        var e = Assert.Throws<ArgumentException>(() => new WordPieceTokenizer(Vocabulary.FromTokens(["[PAD]", "[UNK]", "[CLS]"])));
        Assert.Contains("[SEP]", e.Message);
    }
}
