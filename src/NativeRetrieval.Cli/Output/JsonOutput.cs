using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NativeRetrieval.Cli.Output;

/// <summary>The one JSON document that a command prints with <c>--json</c>. A command that fails prints none.</summary>
public static class JsonOutput
{
    /// <summary>Value of <c>schema_version</c>; it grows when a member changes its meaning or goes.</summary>
    public const int SchemaVersion = 1;

    // Paths and captions stay readable; the document is not embedded in HTML.
    static readonly JsonWriterOptions _format = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The option <c>--json</c>.</summary>
    public static Option<bool> Option() => new("--json") { Description = "Print one JSON document instead of text." };

    /// <summary>Writes <c>{"schema_version": 1, …}</c> and the end of the line.</summary>
    /// <param name="writeMembers">Writes the members that follow the version.</param>
    public static void WriteJson(this Terminal terminal, Action<Utf8JsonWriter> writeMembers) => Write(terminal, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schema_version", SchemaVersion);
        writeMembers(json);
        json.WriteEndObject();
    });

    /// <summary>Writes a document that has its version already, and the end of the line.</summary>
    public static void WriteJson(this Terminal terminal, JsonObject document) => Write(terminal, json => document.WriteTo(json));

    static void Write(Terminal terminal, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, _format)) write(json);
        terminal.Out.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
