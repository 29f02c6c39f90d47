using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Text.Bpe;

namespace NativeRetrieval.Text;

/// <summary>Writes a tokenizer as the files that <see cref="TokenizerFiles"/> reads.</summary>
internal static class TokenizerFolder
{
    static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };
    static readonly JsonWriterOptions _readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<(string Name, string Content)> Write(TextTokenizer tokenizer)
    {
        var (vocabulary, options) = (tokenizer.Vocabulary, tokenizer.Options);
        if (tokenizer.Kind == TokenizerKind.WordPiece)
            return [("vocab.txt", vocabulary.ToVocabularyFile()), (TokenizerFiles.SettingsName, WordPiece(options))];
        if (tokenizer.Tokenizer is not ByteLevelBpeTokenizer bpe)
            throw new OptionException($"the tokenizer is a host's own {tokenizer.Tokenizer.GetType().Name}; files hold BERT's WordPiece "
                + "and RoBERTa's byte-level BPE only");
        string[] specials = [options.UnknownToken, options.ClassToken, options.SeparatorToken, options.PaddingToken, options.MaskToken];
        if (tokenizer.Added.FirstOrDefault(token => !specials.Contains(token.Content)) is { } other)
            throw new OptionException($"the tokenizer finds \"{other.Content}\" as a whole in texts, which {BpeFiles.VocabularyName} and "
                + $"{TokenizerFiles.SettingsName} cannot say");
        return [(BpeFiles.VocabularyName, Json(vocabulary)), (BpeFiles.MergesName, bpe.Merges.ToFile()),
            (TokenizerFiles.SettingsName, Bpe(options))];
    }

    static string Json(Vocabulary vocabulary)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, _readable))
        {
            json.WriteStartObject();
            foreach (var (token, id) in vocabulary.Ids.OrderBy(entry => entry.Value)) json.WriteNumber(token, id);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static string Bpe(TextTokenizerOptions options)
    {
        var json = AddShared(new() { ["tokenizer_class"] = "RobertaTokenizer", ["add_prefix_space"] = false }, options);
        json["bos_token"] = options.ClassToken;
        json["eos_token"] = options.SeparatorToken;
        return Text(json);
    }

    static string WordPiece(TextTokenizerOptions options)
    {
        var stored = new TextTokenizerOptions();
        if (options.CleanText != stored.CleanText || options.MaxWordLength != stored.MaxWordLength
            || options.ContinuationPrefix != stored.ContinuationPrefix)
            throw new OptionException(
                "the tokenizer cleans text, limits words or marks continuations in a way that tokenizer_config.json cannot say");
        var json = new JsonObject
        {
            ["tokenizer_class"] = "BertTokenizer",
            ["do_lower_case"] = options.LowerCase,
            ["strip_accents"] = options.StripAccents,
            ["tokenize_chinese_chars"] = options.SplitIdeographs,
        };
        return Text(AddShared(json, options));
    }

    static JsonObject AddShared(JsonObject json, TextTokenizerOptions options)
    {
        json["model_max_length"] = options.MaxLength;
        json["unk_token"] = options.UnknownToken;
        json["cls_token"] = options.ClassToken;
        json["sep_token"] = options.SeparatorToken;
        json["pad_token"] = options.PaddingToken;
        json["mask_token"] = options.MaskToken;
        return json;
    }

    static string Text(JsonObject json) => json.ToJsonString(_indented) + "\n";
}
