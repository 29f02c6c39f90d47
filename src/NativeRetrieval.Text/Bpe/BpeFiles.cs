using System.Text.Json;

namespace NativeRetrieval.Text.Bpe;

/// <summary>Reads a byte-level BPE: <c>vocab.json</c> with <c>merges.txt</c>, or <c>tokenizer.json</c>.</summary>
internal static class BpeFiles
{
    public const string ModelType = "BPE", VocabularyName = "vocab.json", MergesName = "merges.txt";

    /// <summary>True: a folder has one of the two files that only this kind has.</summary>
    public static bool AreIn(string folder) =>
        File.Exists(Path.Combine(folder, VocabularyName)) || File.Exists(Path.Combine(folder, MergesName));

    /// <param name="folder">Folder with <c>vocab.json</c> and <c>merges.txt</c>, which hold before <paramref name="tokenizer"/>; null:
    /// none.</param>
    /// <param name="tokenizer">Path of <c>tokenizer.json</c>; null: there is none.</param>
    /// <param name="settings">Path of <c>tokenizer_config.json</c>, which holds before the settings elsewhere; null: there is none.</param>
    public static TextTokenizer Read(string? folder, string? tokenizer, string? settings)
    {
        var options = TextTokenizerOptions.Roberta;
        var added = new List<AddedToken>();
        Vocabulary? vocabulary = null;
        List<(string, string)>? merges = null;
        if (folder is not null && AreIn(folder))
        {
            using var ids = TokenizerFiles.Open(Path.Combine(folder, VocabularyName));
            vocabulary = TokenizerFiles.ReadIds(ids.RootElement);
            merges = MergeRules.Parse(TokenizerFiles.Lines(Path.Combine(folder, MergesName)));
        }
        if (tokenizer is not null)
        {
            using var document = TokenizerFiles.Open(tokenizer);
            var model = ExpectPlain(document.RootElement);
            options = Apply(options, document.RootElement);
            merges ??= ReadMerges(model);
            added = TokenizerFiles.ReadAdded(document.RootElement);
            vocabulary = TokenizerFiles.WithAdded(vocabulary ?? TokenizerFiles.ReadVocabulary(model), added);
        }
        if (settings is not null)
        {
            using var document = TokenizerFiles.Open(settings);
            Refuse(TokenizerFiles.Flag(document.RootElement, "add_prefix_space") == true, "add_prefix_space is true");
            options = TokenizerFiles.Apply(options, document.RootElement);
        }
        return new TextTokenizer(vocabulary!, options, tokenizer: null, new MergeRules(vocabulary!, merges!), added);
    }

    /// <summary>The model of a <c>tokenizer.json</c> in which nothing differs from RoBERTa's rules.</summary>
    static JsonElement ExpectPlain(JsonElement root)
    {
        var model = TokenizerFiles.Member(root, "model") ?? throw new JsonException("model is absent");
        Refuse(TokenizerFiles.Member(root, "normalizer") is not null, "it has a normalizer");
        var words = TokenizerFiles.Member(root, "pre_tokenizer");
        string kind = words is { } element ? TokenizerFiles.Text(element, "type") ?? "none" : "none";
        if (kind != "ByteLevel") throw new JsonException($"pre_tokenizer is of type {kind}: only ByteLevel is read with a BPE");
        Refuse(TokenizerFiles.Flag(words!.Value, "add_prefix_space") == true, "pre_tokenizer.add_prefix_space is true");
        Refuse(TokenizerFiles.Flag(words.Value, "use_regex") == false, "pre_tokenizer.use_regex is false");
        foreach (string text in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            Refuse(TokenizerFiles.Text(model, text) is { Length: > 0 }, $"model.{text} is not empty");
        foreach (string flag in (string[])["byte_fallback", "ignore_merges"])
            Refuse(TokenizerFiles.Flag(model, flag) == true, $"model.{flag} is true");
        Refuse(TokenizerFiles.Member(model, "dropout") is not null, "model.dropout is not null");
        return model;
    }

    static TextTokenizerOptions Apply(TextTokenizerOptions options, JsonElement root)
    {
        if (TokenizerFiles.Member(root, "truncation") is { } truncation)
            options = options with { MaxLength = TokenizerFiles.Number(truncation, "max_length") ?? options.MaxLength };
        if (TokenizerFiles.Member(root, "post_processor") is not { } processor) return options;
        string kind = TokenizerFiles.Text(processor, "type") ?? "none";
        Refuse(kind != "RobertaProcessing", $"post_processor is of type {kind}");
        return options with
        {
            ClassToken = First(processor, "cls") ?? options.ClassToken,
            SeparatorToken = First(processor, "sep") ?? options.SeparatorToken,
        };

        // ["<s>", 0]
        static string? First(JsonElement processor, string key) =>
            TokenizerFiles.Member(processor, key) is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() > 0
                && pair[0].ValueKind == JsonValueKind.String ? pair[0].GetString() : null;
    }

    /// <summary>Merges as strings, <c>"a b"</c>, or as pairs, <c>["a", "b"]</c>.</summary>
    static List<(string, string)> ReadMerges(JsonElement model)
    {
        if (TokenizerFiles.Member(model, "merges") is not { ValueKind: JsonValueKind.Array } entries)
            throw new JsonException("model.merges is not a list");
        var merges = new List<(string, string)>(entries.GetArrayLength());
        foreach (var entry in entries.EnumerateArray())
        {
            bool sound = entry.ValueKind == JsonValueKind.String && MergeRules.TryParse(entry.GetString(), out var pair)
                ? Add(pair)
                : entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2
                    && entry.EnumerateArray().All(side => side.ValueKind == JsonValueKind.String && side.GetString() is { Length: > 0 })
                    && Add((entry[0].GetString()!, entry[1].GetString()!));
            if (!sound) throw new JsonException($"merge {merges.Count + 1} is neither \"a b\" nor [\"a\", \"b\"]: {entry.GetRawText()}");
        }
        return merges;

        bool Add((string, string) pair)
        {
            merges.Add(pair);
            return true;
        }
    }

    static void Refuse(bool differs, string what)
    {
        if (differs) throw new JsonException($"{what}, which RoBERTa's byte-level BPE, the only BPE that is read here, has not");
    }
}
