using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary><c>models list</c>.</summary>
static class ModelsListSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var json = JsonOutput.Option();
        var cache = CacheFolder.ModelsOption();
        var command = new DocumentedCommand("list", "Show the models of the catalogue, their size and licence, and which are here already.")
        {
            Examples = [("nativeretrieval models list", "Names to fetch")],
        };
        command.Add(json);
        command.Add(cache);
        command.SetAction(parsed =>
        {
            string folder = CacheFolder.ModelsOf(parsed, cache, terminal);
            if (parsed.GetValue(json)) WriteJson(terminal, folder);
            else WriteText(terminal, folder);
            return ExitCode.Ok;
        });
        return command;
    }

    static void WriteText(Terminal terminal, string folder)
    {
        // A program, or grep, gets a line for each model; a screen shows no more at once than has room.
        string[] titles = terminal.IsInteractive ? ["name", ">size", "licence", "here"]
            : ["name", "kind", ">size", "licence", "checksum", "here", "what"];
        var table = new Table(titles);
        foreach (var model in KnownModels.Of(terminal).Models)
        {
            string about = model.Refused is { } why ? $"not fetched: {why}" : model.About, size = model.Refused is null
                ? KnownModels.Size(model) : "";
            if (!terminal.IsInteractive)
                table.Add(model.Name, model.Kind, size, model.Licence, Checksum(model), State(folder, model), about);
            else
                table.Add(model.Name, size, model.Licence, State(folder, model))
                    .AddText($"{model.Kind}: {about}{(model.Unverified ? $"; checksum: {Checksum(model)}" : "")}");
        }
        table.Write(terminal);
    }

    static string Checksum(CatalogueEntry model) =>
        model.Refused is not null ? ""
        : !model.Unverified ? "SHA-256"
        : model.Files.All(file => file.HasChecksum) ? "MD5, unverified" : "none, unverified";

    static string State(string folder, CatalogueEntry model) =>
        model.Refused is not null ? ""
        : Directory.Exists(ModelStore.ReadyIn(folder, model)) ? "ready"
        : ModelStore.HasSourceIn(folder, model) ? "fetched" : "";

    static void WriteJson(Terminal terminal, string folder) => terminal.WriteJson(json =>
    {
        json.WriteStartArray("models");
        foreach (var model in KnownModels.Of(terminal).Models)
        {
            json.WriteStartObject();
            json.WriteString("name", model.Name);
            json.WriteString("kind", model.Kind);
            json.WriteString("about", model.About);
            json.WriteString("licence", model.Licence);
            json.WriteString("source", model.Source);
            json.WriteString("map", model.Map);
            json.WriteString("checksums_from", model.ChecksumsFrom);
            json.WriteBoolean("default", model.IsDefault);
            json.WriteBoolean("needs_consent", model.NeedsConsent);
            json.WriteBoolean("unverified", model.Unverified);
            json.WriteString("refused", model.Refused);
            json.WriteString("state", State(folder, model));
            json.WriteString("folder", ModelStore.ReadyIn(folder, model));
            json.WriteStartArray("files");
            foreach (var file in model.Files)
            {
                json.WriteStartObject();
                json.WriteString("name", file.Name);
                json.WriteString("url", file.Url);
                if (file.SizeBytes is { } size) json.WriteNumber("size_bytes", size);
                else json.WriteNull("size_bytes");
                json.WriteString("md5", file.Md5);
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
