using System.Text.Json;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Text.Tests;

/// <summary>Byte-level BPE against the ids of the public tokenizer, from both forms of its files.</summary>
public class ByteLevelBpeTests
{
    const string Folder = "fixtures/clap/bpe";

    /// <summary>A vocabulary of every byte, the special tokens and three merges.</summary>
    static readonly TextTokenizer _small = Small([("d", "o"), ("do", "g"), ("\u0120", "dog")]);

    [Theory]
    [InlineData("hostile.jsonl", 2160)]
    [InlineData("captions.jsonl", 2000)]
    public void Ids_are_the_reference_s(string file, int count)
    {
        if (Require() is not { } folder) return;
        foreach (var tokenizer in (TextTokenizer[])[TextTokenizer.FromFile(folder),
            TextTokenizer.FromFile(Path.Combine(folder, "tokenizer.json"))])
        {
            Assert.Equal(TokenizerKind.ByteLevelBpe, tokenizer.Kind);
            int lines = 0;
            foreach (var json in Lines(folder, file))
            {
                lines++;
                int[] expected = Ids(json, "ids");
                string text = json.GetProperty("text").GetString()!;
                Assert.True(expected.SequenceEqual(tokenizer.Encode(text, expected.Length + 1)), $"{file}, line {lines}");
                if (!text.Contains('<'))
                    Assert.True(tokenizer.Tokenizer.EncodeToTokens(text, out _).Select(token => token.Id).SequenceEqual(expected[1..^1]),
                        $"{file}, line {lines}, tokens");
            }
            Assert.Equal(count, lines);
        }
    }

    [Fact]
    public void A_cut_text_keeps_its_beginning_and_the_end_token()
    {
        if (Require() is not { } folder) return;
        var tokenizer = TextTokenizer.FromFile(folder);
        Assert.Equal(512, tokenizer.Options.MaxLength);
        int lines = 0;
        foreach (var json in Lines(folder, "truncation.jsonl"))
        {
            lines++;
            string text = json.GetProperty("text").GetString()!;
            Assert.Equal(json.GetProperty("length").GetInt32(), tokenizer.Encode(text, int.MaxValue).Length);
            Assert.Equal(Ids(json, "ids_77"), tokenizer.Encode(text, 77));
            Assert.Equal(Ids(json, "ids_512"), tokenizer.Encode(text));
            var padded = tokenizer.EncodeBatch([text, string.Concat(Enumerable.Repeat("dog ", 100))], 77);
            Assert.Equal(Ids(json, "ids_77_padded"), padded.Ids[..77]);
            Assert.Equal(Ids(json, "attention_mask_77").Sum(), padded.Lengths[0]);
        }
        Assert.Equal(16, lines);
    }

    [Fact]
    public void The_files_that_a_tokenizer_writes_read_as_the_same_tokenizer()
    {
        if (Require() is not { } source) return;
        using var folder = new TemporaryFolder();
        var files = TextTokenizer.FromFile(source).ToFiles();
        Assert.Equal(["vocab.json", "merges.txt", "tokenizer_config.json"], files.Select(file => file.Name));
        foreach (var (name, content) in files) File.WriteAllText(folder[name], content);

        Assert.Equal(File.ReadAllText(Path.Combine(source, "merges.txt")), File.ReadAllText(folder["merges.txt"]));
        var tokenizer = TextTokenizer.FromFile(folder.FullPath);
        foreach (var json in Lines(source, "hostile.jsonl"))
        {
            int[] expected = Ids(json, "ids");
            Assert.Equal(expected, tokenizer.Encode(json.GetProperty("text").GetString()!, expected.Length + 1));
        }
        Assert.Equal(files, tokenizer.ToFiles());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("dog dog", "dog \u0120dog")]
    [InlineData("dogs do", "dog s \u0120 do")]
    [InlineData("a <mask>b <pad>", "a <mask> b \u0120 <pad>")]
    [InlineData("\u00e9", "\u00c3 \u00a9")]
    public void Any_text_has_tokens(string text, string pieces) =>
        Assert.Equal(pieces.Split(' ', StringSplitOptions.RemoveEmptyEntries), _small.Pieces(text));

    [Fact]
    public void A_lone_surrogate_is_read_as_a_replacement_character()
    {
        const string replacement = "\u00ef \u00bf \u00bd";
        foreach (var (text, pieces) in (ReadOnlySpan<(string, string)>)[("\ud800", replacement), ("d\ud800o", $"d {replacement} o"),
            ("\udc00dog\ud83d", $"{replacement} dog {replacement}"), (" \udc00\ud800!", $"\u0120 {replacement} {replacement} !")])
        {
            Assert.Equal(pieces.Split(' '), _small.Pieces(text));
            Assert.Equal(_small.Encode(text), _small.Encode(text.Replace('\ud800', '\ufffd').Replace('\udc00', '\ufffd')
                .Replace('\ud83d', '\ufffd')));
        }
    }

    [Fact]
    public void Tokens_say_where_they_stand_and_decode_to_their_text()
    {
        const string text = "dog \u00e9\U0001f436 dog";
        var tokens = _small.Tokenizer.EncodeToTokens(text, out _);
        Assert.Equal(["dog", " ", "\u00e9", "\u00e9", "\U0001f436", "\U0001f436", "\U0001f436", "\U0001f436", " dog"],
            tokens.Select(token => text[token.Offset]));
        int[] ids = [.. tokens.Select(token => token.Id)];
        Assert.Equal(ids, _small.Tokenizer.EncodeToIds(text));
        Assert.Equal(text, _small.Tokenizer.Decode(ids));
        Assert.Equal("<mask>\ufffd", _small.Tokenizer.Decode([_small.Vocabulary.Ids["<mask>"], 9999]));
        Assert.Equal(ids[..3], _small.Tokenizer.EncodeToIds(text, maxTokenCount: 3, out _, out int consumed));
        Assert.Equal(5, consumed);
        Assert.Equal(ids.Length, _small.Tokenizer.CountTokens(text));
    }

    [Fact]
    public void A_long_word_is_merged_from_its_lowest_rank_on()
    {
        // Each merge makes pairs that others wait for, across the whole word.
        const int length = 50_000;
        int[] ids = _small.Encode(string.Concat(Enumerable.Repeat("ddog", length)), int.MaxValue);
        Assert.Equal((2 * length) + 2, ids.Length);
        Assert.Equal([_small.Vocabulary.Ids["d"], _small.Vocabulary.Ids["dog"]], ids[1..3]);
        Assert.Equal(ids[1..3], ids[^3..^1]);
    }

    [Fact]
    public void Merges_of_another_vocabulary_are_refused_by_name()
    {
        string message = Assert.Throws<ArgumentException>(() => Small([("d", "o"), ("do", "x\u0142")])).Message;
        Assert.Contains("merge 2 (do x\u0142) needs the token \"x\u0142\"", message);
    }

    static TextTokenizer Small((string, string)[] merges)
    {
        string[] tokens = ["<s>", "<pad>", "</s>", "<unk>", .. Bytes(), "do", "dog", "\u0120dog", "<mask>"];
        return TextTokenizer.ByteLevelBpe(Vocabulary.FromTokens(tokens), merges);

        static IEnumerable<string> Bytes() => Enumerable.Range(0, 256).Where(Printable).Select(value => ((char)value).ToString())
            .Concat(Enumerable.Range(0, 68).Select(i => ((char)(0x100 + i)).ToString()));

        static bool Printable(int value) => value is >= 33 and <= 126 or >= 161 and <= 172 or >= 174;
    }

    static string? Require()
    {
        if (Fixtures.Shared(Folder) is { } folder) return folder;
        Assert.Skip(Fixtures.WhyAbsent(Folder));
        return null;
    }

    static IEnumerable<JsonElement> Lines(string folder, string file) =>
        File.ReadLines(Path.Combine(folder, file)).Select(line => JsonElement.Parse(line));

    static int[] Ids(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
