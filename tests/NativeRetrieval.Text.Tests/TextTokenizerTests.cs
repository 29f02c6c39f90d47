using System.Text.Json;
using Microsoft.ML.Tokenizers;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Text.Tests;

public class TextTokenizerTests
{
    static readonly TextTokenizer _tokenizer = Tokenizers.Uncased;

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
    public void Large_batches_come_out_whole()
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
            string.Join(' ', new TextTokenizer(vocabulary, new TextTokenizerOptions { LowerCase = lower, StripAccents = strip })
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
        var e = Assert.Throws<ArgumentException>(() => new TextTokenizer(Vocabulary.FromTokens(["[PAD]", "[UNK]", "[CLS]"])));
        Assert.Contains("[SEP]", e.Message);
    }

    [Fact]
    public void The_strings_made_to_break_a_tokenizer_give_the_reference_s_ids()
    {
        int lines = 0;
        foreach (string line in File.ReadLines(Fixtures.Small("tokenizer/hostile.jsonl")))
        {
            lines++;
            using var json = JsonDocument.Parse(line);
            int[] expected = [.. json.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.True(expected.SequenceEqual(_tokenizer.Encode(json.RootElement.GetProperty("text").GetString()!)), $"line {lines}");
        }
        Assert.Equal(2500, lines);
    }

    [Fact]
    public void The_library_s_tokenizer_gives_the_tokens_between_the_special_ones()
    {
        Assert.IsType<WordPieceTokenizer>(_tokenizer.Tokenizer);
        Assert.Equal(_tokenizer.Encode("Un café, NAÏVE!")[1..^1], _tokenizer.Tokenizer.EncodeToIds("Un café, NAÏVE!"));
    }

    [Fact]
    public void A_word_s_length_is_counted_in_code_points()
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromTokens(
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "\U0001F436", "##\U0001F436", "a", "##a"]));
        string Dogs(int count) => string.Concat(Enumerable.Repeat("\U0001F436", count));

        Assert.Equal([2, 4, .. Enumerable.Repeat(5, 99), 3], tokenizer.Encode(Dogs(100)));
        Assert.Equal([2, 1, 3], tokenizer.Encode(Dogs(101)));
        Assert.Equal([2, 6, .. Enumerable.Repeat(7, 99), 3], tokenizer.Encode(new string('a', 100)));
        Assert.Equal([2, 6, 1, 6, 3], tokenizer.Encode("a " + new string('a', 101) + " a"));
        Assert.Equal([2, 1, 3], tokenizer.Tokenizer.EncodeToIds(new string('a', 101)).Prepend(2).Append(3));
    }

    [Theory]
    [InlineData("a dog barks", 0, true)]
    [InlineData("\u4dff dog \u4dff", 2, true)]
    [InlineData("\u4dff \u4dff", 2, false)]
    [InlineData("", 0, false)]
    public void Unknown_words_are_counted(string text, int unknown, bool known)
    {
        var batch = _tokenizer.EncodeBatch(["a dog barks at a bird in the rain", text]);
        Assert.Equal((unknown, known), (batch.UnknownTokens(1), batch.HasKnownToken(1)));
        Assert.Equal((0, true), (batch.UnknownTokens(0), batch.HasKnownToken(0)));
    }

    [Fact]
    public void A_host_can_bring_another_tokenizer()
    {
        using var vocabulary = new MemoryStream("""{"<s>":0,"</s>":1,"<pad>":2,"<unk>":3,"d":4,"o":5,"g":6,"do":7,"dog":8}"""u8.ToArray());
        using var merges = new MemoryStream("#version: 0.2\nd o\ndo g\n"u8.ToArray());
        var ids = new Dictionary<string, int>
        {
            ["<s>"] = 0, ["</s>"] = 1, ["<pad>"] = 2, ["<unk>"] = 3, ["d"] = 4, ["o"] = 5, ["g"] = 6, ["do"] = 7, ["dog"] = 8,
        };
        var tokenizer = new TextTokenizer(new Vocabulary(ids), new TextTokenizerOptions
        {
            ClassToken = "<s>", SeparatorToken = "</s>", PaddingToken = "<pad>", UnknownToken = "<unk>",
        }, BpeTokenizer.Create(vocabulary, merges, unknownToken: "<unk>"));

        Assert.Equal(TokenizerKind.HostsOwn, tokenizer.Kind);
        Assert.Contains("host's own BpeTokenizer", Assert.Throws<OptionException>(tokenizer.ToFiles).Message);
        var batch = tokenizer.EncodeBatch(["dog do", "go</s>"], maxLength: 4);
        Assert.Equal([0, 8, 7, 1, 0, 6, 5, 1], batch.Ids);
    }

    [Fact]
    public void A_limit_on_words_that_would_take_long_to_cut_is_refused()
    {
        var vocabulary = Vocabulary.FromTokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"]);
        Assert.Contains("1 … 1000", Assert.Throws<ArgumentException>(() =>
            new TextTokenizer(vocabulary, new TextTokenizerOptions { MaxWordLength = 1001 })).Message);
        Assert.Equal([2, 1, 3], new TextTokenizer(vocabulary, new TextTokenizerOptions { MaxWordLength = 1000 }).Encode(new('a', 1000)));
    }
}
