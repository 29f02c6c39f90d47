using System.Text.Json;
using System.Text.Json.Serialization;

namespace NativeRetrieval.Server.Contract;

/// <summary>A list that may be written as its only value.</summary>
internal interface IOneOrMore
{
    /// <summary>JSON Schema's word for the type of a value.</summary>
    Microsoft.OpenApi.JsonSchemaType ValueType { get; }
}

/// <summary>JSON of a list that may be written as its only value: <c>"rain"</c> for <c>["rain"]</c>.</summary>
internal abstract class OneOrMore<T> : JsonConverter<IReadOnlyList<T>>, IOneOrMore
{
    public abstract Microsoft.OpenApi.JsonSchemaType ValueType { get; }

    protected abstract T ReadValue(ref Utf8JsonReader reader);

    protected abstract void WriteValue(Utf8JsonWriter writer, T value);

    public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return [ReadValue(ref reader)];
        var values = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) values.Add(ReadValue(ref reader));
        return values;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var one in value) WriteValue(writer, one);
        writer.WriteEndArray();
    }
}

/// <summary>A text or a list of texts.</summary>
internal sealed class OneOrMoreTexts : OneOrMore<string>
{
    public override Microsoft.OpenApi.JsonSchemaType ValueType => Microsoft.OpenApi.JsonSchemaType.String;

    protected override string ReadValue(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String ? reader.GetString()!
        : throw new JsonException();

    protected override void WriteValue(Utf8JsonWriter writer, string value) => writer.WriteStringValue(value);
}

/// <summary>A whole number or a list of them.</summary>
internal sealed class OneOrMoreNumbers : OneOrMore<int>
{
    public override Microsoft.OpenApi.JsonSchemaType ValueType => Microsoft.OpenApi.JsonSchemaType.Integer;

    protected override int ReadValue(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int number) ? number : throw new JsonException();

    protected override void WriteValue(Utf8JsonWriter writer, int value) => writer.WriteNumberValue(value);
}
