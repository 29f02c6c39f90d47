using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NativeRetrieval.Cli.Output;

/// <summary>The one JSON document that a command prints with <c>--json</c>: its result, or the error that it ended with.</summary>
public static class JsonOutput
{
    /// <summary>Value of <c>schema_version</c>; it grows when a member changes its meaning or goes.</summary>
    public const int SchemaVersion = 1;

    const string Name = "--json";

    // Paths and captions stay readable; the document is not embedded in HTML.
    static readonly JsonWriterOptions _format = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The option <c>--json</c>.</summary>
    public static Option<bool> Option() => new(Name) { Description = "Print one JSON document instead of text." };

    /// <summary>True where the command line asks for JSON, also where it is wrong otherwise.</summary>
    internal static bool IsAskedFor(ParseResult parsed) =>
        parsed.CommandResult.Command.Options.OfType<Option<bool>>().FirstOrDefault(option => option.Name == Name) is { } json
            && parsed.GetValue(json)
        || parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Any(token => token.Type == TokenType.Argument && token.Value == Name);

    /// <summary>
    /// Writes <c>{"schema_version": 1, "error": {"code": 2, "message": "…"}}</c> with <c>--json</c>, otherwise nothing,
    /// and flushes stdout if it still takes anything.
    /// </summary>
    /// <param name="code">The exit code.</param>
    internal static void WriteJsonError(this Terminal terminal, int code, string message)
    {
        if (!terminal.Json) return;
        try
        {
            terminal.WriteJson(json =>
            {
                json.WriteStartObject("error");
                json.WriteNumber("code", code);
                json.WriteString("message", message);
                json.WriteEndObject();
            });
            terminal.Flush();
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Writes <c>{"schema_version": 1, …}</c> and the end of the line.</summary>
    /// <param name="writeMembers">Writes the members that follow the version.</param>
    public static void WriteJson(this Terminal terminal, Action<Utf8JsonWriter> writeMembers) => Write(terminal, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schema_version", SchemaVersion);
        writeMembers(json);
        json.WriteEndObject();
    });

    /// <summary>Writes <c>{"schema_version": 1, …}</c> as one line: for commands that answer line by line.</summary>
    /// <param name="writeMembers">Writes the members that follow the version.</param>
    public static void WriteJsonLine(this Terminal terminal, Action<Utf8JsonWriter> writeMembers) => Write(terminal, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schema_version", SchemaVersion);
        writeMembers(json);
        json.WriteEndObject();
    }, _format with { Indented = false });

    /// <summary>Writes a document that has its version already, and the end of the line.</summary>
    public static void WriteJson(this Terminal terminal, JsonObject document) => Write(terminal, json => document.WriteTo(json));

    static void Write(Terminal terminal, Action<Utf8JsonWriter> write, JsonWriterOptions? format = null)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, format ?? _format)) write(json);
        terminal.Document(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
