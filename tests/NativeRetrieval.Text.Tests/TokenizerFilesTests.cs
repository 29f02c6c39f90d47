using System.Text;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Text.Tests;

public sealed class TokenizerFilesTests : IDisposable
{
    const string Normalizer =
        """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""";
    const string Model = """
        {"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":5,
        "vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"dog":4,"##s":5,"Dog":6,"é":7}}
        """;
    const string Added =
        """[{"id":9,"content":"[SOUND]","normalized":false,"special":true},{"id":10,"content":"Woof","normalized":true}]""";

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Vocabulary_and_settings_come_from_tokenizer_json_where_there_is_no_vocab_txt()
    {
        Write("tokenizer.json", Json());
        var tokenizer = TextTokenizer.FromFile(_folder.FullPath);

        Assert.Equal((7, 5, 11), (tokenizer.Options.MaxLength, tokenizer.Options.MaxWordLength, tokenizer.Vocabulary.Size));
        Assert.Equal([2, 4, 5, 9, 4, 10, 3], tokenizer.Encode("DOGS[SOUND]dog woof"));
        Assert.Equal([2, 1, 3], tokenizer.Encode("dogsss"));
    }

    [Fact]
    public void Tokenizer_config_overrides_the_settings()
    {
        Write("tokenizer.json", Json());
        Write("tokenizer_config.json",
            """{"do_lower_case":false,"strip_accents":false,"model_max_length":1e30,"unk_token":{"content":"[UNK]"}}""");
        var tokenizer = TextTokenizer.FromFile(_folder.FullPath);

        Assert.Equal([2, 6, 7, 3], tokenizer.Encode("Dog é"));
        Assert.Equal(7, tokenizer.Options.MaxLength);
    }

    [Fact]
    public void The_vocabulary_of_vocab_txt_goes_first()
    {
        Write("tokenizer.json", Json());
        Write("vocab.txt", "[SEP]\r\n[CLS]\r\n[UNK]\r\n[PAD]\r\ndog\r\n");
        Assert.Equal([1, 4, 0], TextTokenizer.FromFile(_folder.FullPath).Encode("dog"));
    }

    [Fact]
    public void The_model_length_limits_texts()
    {
        Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\ndog\n");
        Write("tokenizer_config.json", """{"model_max_length":4}""");
        Assert.Equal([2, 4, 4, 3], TextTokenizer.FromFile(_folder.FullPath).Encode("dog dog dog"));
    }

    [Fact]
    public void A_published_folder_reads_alike_with_either_file()
    {
        if (Fixtures.Shared("weights/all-MiniLM-L6-v2") is not { } folder)
        {
            Assert.Skip(Fixtures.WhyAbsent("weights/all-MiniLM-L6-v2"));
            return;
        }
        File.Copy(Path.Combine(folder, "tokenizer.json"), _folder["tokenizer.json"]);
        var (whole, json) = (TextTokenizer.FromFile(folder), TextTokenizer.FromFile(_folder.FullPath));

        Assert.Equal(128, whole.Options.MaxLength);
        Assert.Equal(whole.Options, json.Options);
        Assert.Equal(whole.Vocabulary.Ids.OrderBy(x => x.Value), json.Vocabulary.Ids.OrderBy(x => x.Value));
    }

    [Theory]
    [InlineData("""{"model":{"type":"Unigram"}}""", "WordPiece")]
    [InlineData("""{"model":{"type":"BPE"}}""", "ByteLevel")]
    [InlineData("""{"normalizer":{"type":"NFC"},"model":{"type":"BPE"}}""", "normalizer")]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true},"model":{"type":"BPE"}}""", "add_prefix_space")]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel"},"model":{"merges":[["a"]]}}""", "merge 1")]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","merges":["a b c"]}}""", "merge 1")]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","end_of_word_suffix":"</w>"}}""", "end_of_word_suffix")]
    [InlineData("""{"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","merges":[]}}""", "vocab")]
    [InlineData("""{"model":""", "JSON")]
    [InlineData("[]", "WordPiece")]
    public void Another_kind_of_tokenizer_is_refused(string json, string said)
    {
        Write("tokenizer.json", json);
        Assert.Contains(said, Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
    }

    [Theory]
    [InlineData("\"dog\":-1"), InlineData("\"dog\":1.5"), InlineData("\"dog\":99999999999"), InlineData("\"dog\":\"4\""),
        InlineData("\"dog\":2000000000")]
    public void Impossible_ids_are_refused(string entry)
    {
        Write("tokenizer.json", Json().Replace("\"dog\":4", entry));
        Assert.Contains("dog", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused()
    {
        File.WriteAllBytes(_folder["vocab.txt"], [.. "[PAD]\n"u8, 0xFF, 0xFE, (byte)'\n']);
        Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath));
    }

    [Fact]
    public void Missing_files_are_named()
    {
        Assert.Contains("vocab.txt", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
        Assert.Contains("none.txt",
            Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder["none.txt"])).Message);
    }

    [Fact]
    public void A_byte_level_tokenizer_s_merges_are_strings_or_pairs()
    {
        const string form = """
            {"added_tokens":[{"id":0,"content":"<s>"},{"id":1,"content":"<pad>"},{"id":2,"content":"</s>"},{"id":3,"content":"<unk>"},
            {"id":9,"content":"WOOF","rstrip":true}],"truncation":{"max_length":5},"pre_tokenizer":{"type":"ByteLevel"},
            "post_processor":{"type":"RobertaProcessing","cls":["<s>",0],"sep":["</s>",2]},
            "model":{"type":"BPE","vocab":{"d":4,"o":5,"do":6,"\u0120":7,"\u0120do":8},"merges":MERGES}}
            """;
        foreach (string merges in (string[])["""["d o","\u0120 do"]""", """[["d","o"],["\u0120","do"]]"""])
        {
            Write("tokenizer.json", form.Replace("MERGES", merges));
            var tokenizer = TextTokenizer.FromFile(_folder.FullPath);
            Assert.Equal([0, 6, 8, 3, 2], tokenizer.Encode("do dox"));
            Assert.Equal([0, 9, 4, 2], tokenizer.Encode("WOOF  d"));
            Assert.Equal([0, 6, 8, 7, 2], tokenizer.Encode("do do  do"));
            Assert.Contains("\"WOOF\"", Assert.Throws<OptionException>(tokenizer.ToFiles).Message);
        }
    }

    [Fact]
    public void Half_a_byte_level_tokenizer_is_refused_by_the_file_that_lacks()
    {
        Write("vocab.json", """{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5}""");
        Assert.Contains("merges.txt", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
        Write("merges.txt", "#version: 0.2\na b\n");
        Assert.Contains("\"ab\"", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
        Write("merges.txt", "#version: 0.2\na  b\n");
        Assert.Contains("line 2", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
        Write("merges.txt", "");
        Assert.Equal([0, 4, 5, 2], TextTokenizer.FromFile(_folder.FullPath).Encode("ab"));
        Write("tokenizer_config.json", """{"add_prefix_space":true}""");
        Assert.Contains("add_prefix_space", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
        File.Delete(_folder["vocab.json"]);
        Assert.Contains("vocab.json", Assert.Throws<CorruptFileException>(() => TextTokenizer.FromFile(_folder.FullPath)).Message);
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused_but_never_crashes()
    {
        byte[] sound = Encoding.UTF8.GetBytes(Json());
        string[] fragments = ["null", "{}", "[]", "-1", "\"\"", "\"\\ud800\"", "1e99", "true", "\0", "\u00ff"];
        int refused = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            byte[] damaged = [.. sound];
            int at = random.Next(damaged.Length), length = Math.Min(random.Next(1, 12), damaged.Length - at);
            damaged = [.. damaged[..at], .. Encoding.Latin1.GetBytes(fragments[random.Next(fragments.Length)]),
                .. damaged[(at + length)..]];
            if (seed % 4 == 0) damaged = damaged[..at];
            File.WriteAllBytes(_folder["tokenizer.json"], damaged);
            try
            {
                TextTokenizer.FromFile(_folder.FullPath).Encode("Dogs [SOUND] woof");
            }
            catch (CorruptFileException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 100, 400);
    }

    [Fact]
    public void A_value_of_the_wrong_kind_in_every_place_is_read_or_refused()
    {
        string[] values = ["null", "{}", "[]", "-1", "0", "\"\"", "\"LONE\"", "1e99", "true"];
        var root = JsonNode.Parse(Json())!;
        foreach (string path in Places(root, "$").ToArray())
            foreach (string value in values)
            {
                var copy = root.DeepClone();
                Replace(copy, path, value);
                Write("tokenizer.json", copy.ToJsonString().Replace("LONE", "\\ud800"));
                try
                {
                    TextTokenizer.FromFile(_folder.FullPath).Encode("Dogs [SOUND] woof");
                }
                catch (CorruptFileException)
                {
                    // Refusing is one of the two right answers; anything else thrown fails the test.
                }
            }

        static IEnumerable<string> Places(JsonNode? node, string path) => node switch
        {
            JsonObject entries => entries.SelectMany(entry => Places(entry.Value, entry.Key)).Prepend(path),
            JsonArray items => items.SelectMany(item => Places(item, path)).Prepend(path),
            _ => [path],
        };

        static void Replace(JsonNode? node, string key, string value)
        {
            if (node is JsonObject entries)
            {
                if (entries.ContainsKey(key)) entries[key] = JsonNode.Parse(value);
                foreach (var (_, child) in entries.ToArray()) Replace(child, key, value);
            }
            if (node is JsonArray items)
                foreach (var item in items) Replace(item, key, value);
        }
    }

    static string Json() =>
        $$"""
        {"truncation":{"max_length":7},"added_tokens":{{Added}},"normalizer":{{Normalizer}},
        "pre_tokenizer":{"type":"BertPreTokenizer"},"model":{{Model}}}
        """;

    void Write(string name, string content) => File.WriteAllText(_folder[name], content);
}
