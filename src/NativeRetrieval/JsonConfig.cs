using System.Text.Json;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval;

/// <summary>A configuration in JSON, read strictly: a value of another kind is an error that names file and key.</summary>
internal readonly struct JsonConfig
{
    static readonly JsonElement _empty = JsonElement.Parse("{}");

    readonly string _path;
    readonly JsonElement _object;

    public JsonConfig(string path, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new CorruptFileException(path, $"holds {Kind(element)} where an object of settings was expected");
        (_path, _object) = (path, element);
    }

    public int Integer(string key) => OptionalInteger(key) ?? throw new CorruptFileException(_path, $"has no \"{key}\"");

    public int Integer(string key, int otherwise) => OptionalInteger(key) ?? otherwise;

    public int? OptionalInteger(string key)
    {
        if (Member(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
            ? number
            : throw Wrong(key, value, "a whole number");
    }

    public double Number(string key, double otherwise)
    {
        if (Member(key) is not { } value) return otherwise;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            ? number
            : throw Wrong(key, value, "a number");
    }

    public bool Flag(string key, bool otherwise = false) => Member(key) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } value => throw Wrong(key, value, "true or false"),
    };

    public IReadOnlyList<int> Integers(string key, IReadOnlyList<int> otherwise)
    {
        if (Member(key) is not { } value) return otherwise;
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(key, value, "a list of whole numbers");
        var numbers = new List<int>();
        foreach (var item in value.EnumerateArray())
            numbers.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number)
                ? number
                : throw Wrong(key, item, "a list of whole numbers"));
        return numbers;
    }

    /// <summary>An object of settings inside this one; an empty one where it is absent.</summary>
    public JsonConfig Part(string key) => new(_path, Member(key) ?? _empty);

    /// <summary>Throws unless the value is absent or <paramref name="expected"/>.</summary>
    public void Expect(string key, string expected)
    {
        // Raw text, because a string with a lone surrogate cannot be unescaped.
        if (Member(key) is { } value && value.GetRawText() != $"\"{expected}\"")
            throw Wrong(key, value, $"\"{expected}\", the only one that is read here");
    }

    /// <summary>Index of the text that the value is; 0 where it is absent.</summary>
    public int OneOf(string key, IReadOnlyList<string> texts)
    {
        if (Member(key) is not { } value) return 0;
        for (int i = 0; i < texts.Count; i++)
            if (value.GetRawText() == $"\"{texts[i]}\"") return i;
        throw Wrong(key, value, $"one of {string.Join(", ", texts.Select(text => $"\"{text}\""))}");
    }

    JsonElement? Member(string key) => _object.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    CorruptFileException Wrong(string key, JsonElement value, string expected) =>
        new(_path, $"\"{key}\" is {Kind(value)}, expected {expected}");

    static string Kind(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
            ? $"an {value.ValueKind.ToString().ToLowerInvariant()}"
            : value.GetRawText();
}
