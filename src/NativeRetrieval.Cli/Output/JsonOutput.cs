using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NativeRetrieval.Cli.Output;

/// <summary>The one JSON document that a command prints with <c>--json</c>. A command that fails prints none.</summary>
public static class JsonOutput
{
    public const int SchemaVersion = 1;

    public static Option<bool> Option() => new("--json") { Description = "Print one JSON document instead of text." };

    /// <summary>Writes <c>{"schema_version": 1, …}</c> and the end of the line.</summary>
    public static void WriteJson(this Terminal terminal, Action<Utf8JsonWriter> writeMembers)
    {
        using var buffer = new MemoryStream();
        // Paths and captions stay readable; the document is not embedded in HTML.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema_version", SchemaVersion);
            writeMembers(json);
            json.WriteEndObject();
        }
        terminal.Out.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
