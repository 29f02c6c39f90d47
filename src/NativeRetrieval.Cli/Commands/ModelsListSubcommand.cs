using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands;

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
            string folder = CacheFolder.Of(parsed, cache, CacheFolder.Models);
            if (parsed.GetValue(json)) WriteJson(terminal, folder);
            else WriteText(terminal, folder);
            return ExitCode.Ok;
        });
        return command;
    }

    static void WriteText(Terminal terminal, string folder)
    {
        var table = new Table("name", "kind", ">size", "licence", "checksum", "here", "what");
        foreach (var model in ModelCatalogue.Embedded.Models)
            table.Add(model.Name, model.Kind, model.SizeBytes is { } size ? Sizes.Text(size) : "?", model.Licence, Checksum(model),
                State(folder, model), model.About);
        table.Write(terminal);
    }

    static string Checksum(CatalogueEntry model) =>
        !model.HasChecksums ? "none published here" : model.Files.All(file => file.Sha256 is not null) ? "SHA-256" : "MD5";

    static string State(string folder, CatalogueEntry model) =>
        Directory.Exists(ModelStore.ReadyIn(folder, model)) ? "ready" : ModelStore.HasSourceIn(folder, model) ? "fetched" : "";

    static void WriteJson(Terminal terminal, string folder) => terminal.WriteJson(json =>
    {
        json.WriteStartArray("models");
        foreach (var model in ModelCatalogue.Embedded.Models)
        {
            json.WriteStartObject();
            json.WriteString("name", model.Name);
            json.WriteString("kind", model.Kind);
            json.WriteString("about", model.About);
            json.WriteString("licence", model.Licence);
            json.WriteString("source", model.Source);
            json.WriteString("map", model.Map);
            json.WriteString("checksums_from", model.ChecksumsFrom);
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
