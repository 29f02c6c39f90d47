using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Text.Bpe;

namespace NativeRetrieval.Text;

/// <summary>Reads a tokenizer from the files of a Hugging Face folder.</summary>
internal static class TokenizerFiles
{
    const int LargestFileBytes = 64 << 20;

    public const string SettingsName = "tokenizer_config.json";

    public static TextTokenizer Read(string path)
    {
        try
        {
            if (Directory.Exists(path)) return ReadFolder(path);
            if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return Build(ReadVocabulary(path), null, null);
            return IsBpe(path) ? BpeFiles.Read(null, path, null) : Build(null, Open(path), null);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or OverflowException or InvalidOperationException)
        {
            throw new CorruptFileException(path, e.Message, e);
        }
    }

    static TextTokenizer ReadFolder(string folder)
    {
        string vocabulary = Path.Combine(folder, "vocab.txt"), tokenizer = Path.Combine(folder, "tokenizer.json");
        string settings = Path.Combine(folder, SettingsName);
        if (!File.Exists(vocabulary) && (BpeFiles.AreIn(folder) || (File.Exists(tokenizer) && IsBpe(tokenizer))))
            return BpeFiles.Read(folder, File.Exists(tokenizer) ? tokenizer : null, File.Exists(settings) ? settings : null);
        if (!File.Exists(vocabulary) && !File.Exists(tokenizer))
            throw new CorruptFileException(folder, "has neither vocab.txt nor tokenizer.json nor vocab.json with merges.txt: give the "
                + "folder of a BERT or RoBERTa model with its tokenizer");

        return Build(
            File.Exists(vocabulary) ? ReadVocabulary(vocabulary) : null,
            File.Exists(tokenizer) ? Open(tokenizer) : null,
            File.Exists(settings) ? Open(settings) : null);
    }

    static bool IsBpe(string tokenizer)
    {
        using var document = Open(tokenizer);
        // Older files leave out the model's type; merges are in no other kind.
        return Member(document.RootElement, "model") is { } model
            && (Text(model, "type") ?? (Member(model, "merges") is null ? "" : BpeFiles.ModelType)) == BpeFiles.ModelType;
    }

    // vocab.txt holds before the vocabulary in tokenizer.json; tokenizer_config.json before the other settings, as in the reference.
    static TextTokenizer Build(Vocabulary? vocabulary, JsonDocument? tokenizer, JsonDocument? settings)
    {
        using (tokenizer)
        using (settings)
        {
            var options = new TextTokenizerOptions();
            var added = new List<AddedToken>();
            if (tokenizer is not null)
            {
                var model = ExpectType(tokenizer.RootElement, "model", "WordPiece");
                ExpectType(tokenizer.RootElement, "pre_tokenizer", "BertPreTokenizer");
                var normalizer = ExpectType(tokenizer.RootElement, "normalizer", "BertNormalizer");
                options = Apply(options, model, normalizer, tokenizer.RootElement);
                added = ReadAdded(tokenizer.RootElement);
                vocabulary = WithAdded(vocabulary ?? ReadVocabulary(model), added);
            }
            if (settings is not null) options = Apply(options, settings.RootElement);
            return new TextTokenizer(vocabulary!, options, tokenizer: null, merges: null, added);
        }
    }

    static TextTokenizerOptions Apply(
        TextTokenizerOptions options, JsonElement model, JsonElement normalizer, JsonElement root) => options with
    {
        CleanText = Flag(normalizer, "clean_text") ?? options.CleanText,
        SplitIdeographs = Flag(normalizer, "handle_chinese_chars") ?? options.SplitIdeographs,
        LowerCase = Flag(normalizer, "lowercase") ?? options.LowerCase,
        StripAccents = Flag(normalizer, "strip_accents"),
        MaxWordLength = Number(model, "max_input_chars_per_word") ?? options.MaxWordLength,
        ContinuationPrefix = Text(model, "continuing_subword_prefix") ?? options.ContinuationPrefix,
        UnknownToken = Text(model, "unk_token") ?? options.UnknownToken,
        MaxLength = Member(root, "truncation") is { } truncation
            ? Number(truncation, "max_length") ?? options.MaxLength
            : options.MaxLength,
    };

    public static TextTokenizerOptions Apply(TextTokenizerOptions options, JsonElement settings) => options with
    {
        LowerCase = Flag(settings, "do_lower_case") ?? options.LowerCase,
        StripAccents = Flag(settings, "strip_accents") ?? options.StripAccents,
        SplitIdeographs = Flag(settings, "tokenize_chinese_chars") ?? options.SplitIdeographs,
        UnknownToken = Text(settings, "unk_token") ?? options.UnknownToken,
        ClassToken = Text(settings, "cls_token") ?? options.ClassToken,
        SeparatorToken = Text(settings, "sep_token") ?? options.SeparatorToken,
        PaddingToken = Text(settings, "pad_token") ?? options.PaddingToken,
        MaskToken = Text(settings, "mask_token") ?? options.MaskToken,
        // "No limit" is written as 1e30, which is no int; the tighter of the two limits holds.
        MaxLength = Math.Min(options.MaxLength, Number(settings, "model_max_length") ?? options.MaxLength),
    };

    static Vocabulary ReadVocabulary(string path) => Vocabulary.FromTokens(Lines(path).Select(line => line.TrimEnd()));

    /// <summary>The lines of a UTF-8 file of bounded size.</summary>
    public static IEnumerable<string> Lines(string path)
    {
        CheckExists(path);
        return SmallFile.ReadLines(path, LargestFileBytes);
    }

    public static Vocabulary ReadVocabulary(JsonElement model) =>
        ReadIds(Member(model, "vocab") ?? throw new JsonException("model.vocab is absent"));

    /// <summary>The tokens of an object of token: id.</summary>
    public static Vocabulary ReadIds(JsonElement entries)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        if (entries.ValueKind != JsonValueKind.Object) throw new JsonException("the vocabulary is not an object of token: id");
        foreach (var entry in entries.EnumerateObject()) ids[entry.Name] = Id(entry.Value, entry.Name);
        return new Vocabulary(ids);
    }

    public static Vocabulary WithAdded(Vocabulary vocabulary, List<AddedToken> added)
    {
        if (added.All(token => vocabulary.Ids.ContainsKey(token.Content))) return vocabulary;
        var ids = new Dictionary<string, int>(vocabulary.Ids, StringComparer.Ordinal);
        foreach (var token in added) ids.TryAdd(token.Content, token.Id);
        return new Vocabulary(ids);
    }

    public static List<AddedToken> ReadAdded(JsonElement root)
    {
        var added = new List<AddedToken>();
        if (Member(root, "added_tokens") is not { ValueKind: JsonValueKind.Array } entries) return added;
        foreach (var entry in entries.EnumerateArray())
        {
            string content = Text(entry, "content") ?? throw new JsonException("an added token has no content");
            if (Flag(entry, "single_word") == true)
                throw new JsonException($"added token \"{content}\" is limited to single words, which is not supported");
            int id = Member(entry, "id") is { } value
                ? Id(value, content)
                : throw new JsonException($"added token \"{content}\" has no id");
            added.Add(new AddedToken(content, id, Flag(entry, "normalized") ?? false)
            {
                TakesLeft = Flag(entry, "lstrip") ?? false,
                TakesRight = Flag(entry, "rstrip") ?? false,
            });
        }
        return added;
    }

    static int Id(JsonElement value, string token) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id is >= 0 and <= Vocabulary.LargestId ? id
            : throw new JsonException($"token \"{token}\" has the id {value}: expected a whole number from 0 to {Vocabulary.LargestId}");

    public static JsonElement ExpectType(JsonElement root, string part, string type)
    {
        var found = Member(root, part);
        string name = found is { } element ? Text(element, "type") ?? "none" : "none";
        // Older files leave out the model's type; what makes it WordPiece is the prefix of its continuations.
        if (name == type
            || (part == "model" && name == "none" && found is { } model && Text(model, "continuing_subword_prefix") is not null))
            return found!.Value;
        throw new JsonException($"{part} is of type {name}: only {type} is read here{(part == "model" ? ", and BPE" : "")}");
    }

    public static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    public static bool? Flag(JsonElement element, string name) =>
        Member(element, name)?.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    public static int? Number(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number : null;

    // A special token is a string or an object with its content.
    public static string? Text(JsonElement element, string name) => Member(element, name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Object } value => Text(value, "content"),
        _ => null,
    };

    public static JsonDocument Open(string path)
    {
        CheckExists(path);
        return SmallFile.ReadJson(path, LargestFileBytes);
    }

    static void CheckExists(string path)
    {
        if (!File.Exists(path))
            throw new CorruptFileException(path, "does not exist: give a folder with vocab.txt or tokenizer.json, or one of these files");
    }
}
