using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Text.Tests;

public class VocabularyTests
{
    static readonly string[] _captions = ["a dog barks", "the dog barks at a café", "A rocky-talkie", "dog"];

    [Fact]
    public void Words_follow_the_special_tokens_and_characters_by_frequency()
    {
        string[] tokens = Vocabulary.FromCaptions(_captions).ToVocabularyFile().Split('\n')[..^1];

        Assert.Equal(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!", "\""], tokens[..7]);
        Assert.Contains("##a", tokens);
        Assert.DoesNotContain("##-", tokens);
        Assert.Equal(["dog", "barks", "at", "cafe", "rocky", "talkie", "the"], tokens[^7..]);
    }

    [Fact]
    public void Rare_words_are_left_to_the_characters()
    {
        var vocabulary = Vocabulary.FromCaptions(_captions, minimumCount: 2);
        Assert.False(vocabulary.Ids.ContainsKey("rocky"));
        Assert.Equal(["r", "##o", "##c", "##k", "##y"], new TextTokenizer(vocabulary).Pieces("rocky"));
    }

    [Fact]
    public void Any_ascii_text_tokenizes_without_an_unknown_token()
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(_captions));
        string ascii = string.Concat(Enumerable.Range(0, 128).Select(c => (char)c));
        int unknown = tokenizer.Vocabulary.Ids["[UNK]"];
        Assert.DoesNotContain(unknown, tokenizer.Encode(ascii + " " + new string([.. ascii.Reverse()])));
    }

    [Fact]
    public void A_vocabulary_file_reads_back()
    {
        using var folder = new TemporaryFolder();
        string path = folder["vocab.txt"];
        var vocabulary = Vocabulary.FromCaptions(_captions);
        File.WriteAllText(path, vocabulary.ToVocabularyFile());

        Assert.Equal(vocabulary.Ids.OrderBy(x => x.Value), TextTokenizer.FromFile(path).Vocabulary.Ids.OrderBy(x => x.Value));
    }

    [Fact]
    public void A_vocabulary_with_gaps_has_no_file_form() =>
        Assert.Throws<InvalidOperationException>(() => new Vocabulary(new Dictionary<string, int> { ["a"] = 0, ["b"] = 2 })
            .ToVocabularyFile());

    [Fact]
    public void Ids_that_two_tokens_share_or_no_table_has_are_refused()
    {
        Vocabulary Of(int first, int second) => new(new Dictionary<string, int> { ["rain"] = first, ["wind"] = second });
        Assert.Contains("share the id 3", Assert.Throws<ArgumentException>(() => Of(3, 3)).Message);
        Assert.Contains("10000001", Assert.Throws<ArgumentException>(() => Of(0, 10_000_001)).Message);
        Assert.Contains("-1", Assert.Throws<ArgumentException>(() => Of(0, -1)).Message);
    }

    [Fact]
    public void Ids_may_have_gaps_and_tokens_line_breaks()
    {
        var ids = new Dictionary<string, int>
        {
            ["[PAD]"] = 0, ["[UNK]"] = 3, ["[CLS]"] = 4, ["[SEP]"] = 5, ["a\nb"] = 6, ["dog"] = 9, ["##s"] = 7,
        };
        Assert.Equal([4, 9, 7, 3, 5], new TextTokenizer(new Vocabulary(ids)).Encode("dogs b"));
    }
}
