using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.WeightsConvert.Catalogue;

namespace NativeRetrieval.Cli.Commands.ModelFolders;

/// <summary><c>models fetch NAME</c>: download, check, convert.</summary>
static class ModelsFetchSubcommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "Name in the catalogue, e.g. clap or panns-cnn14." };
        var to = new Option<DirectoryInfo?>("--to") { Description = "Folder to make; default: in the cache.", HelpName = "DIR" };
        var from = new Option<FileInfo?>("--from")
        {
            Description = "Take the published files from here instead of the network: a folder with them, or one file.",
            HelpName = "FILE",
        };
        var mirror = new Option<string?>("--mirror")
        {
            Description = "Fetch URL/NAME/FILE instead of the published address; or HOST=URL,… to replace the beginnings of addresses, "
                + $"e.g. huggingface.co=https://mirror.example/hf; default: {KnownModels.MirrorVariable}.",
            HelpName = "URL",
        };
        var raw = new Option<bool>("--no-convert") { Description = "Fetch the files as they are published and leave it at that." };
        var licence = new Option<bool>("--accept-licence")
        {
            Description = "Say that you have read the licence and keep to it, where it keeps uses out (non-commercial models).",
        };
        var unverified = new Option<bool>("--accept-unverified")
        {
            Description = "Take a model of which no SHA-256 is published; models list marks them.",
        };
        var http = new Option<bool>("--allow-http") { Description = "Follow a redirection from https to http." };
        var json = JsonOutput.Option();
        var cache = CacheFolder.ModelsOption();
        var command = new DocumentedCommand("fetch", "Fetch a published model, check it, and make a folder that index and search, or "
            + "train, take. An interrupted download goes on where it stopped.")
        {
            Examples =
            [
                ("nativeretrieval models fetch clap", "The model that index and search take where none is named"),
                ("nativeretrieval models fetch panns-cnn14", "The report's audio encoder, for train --audio-model"),
                ("nativeretrieval models fetch bert-base-uncased --to models/bert", "The report's text encoder, for train --text-model"),
                ("nativeretrieval models fetch clap --from /media/stick/clap", "On a machine without a network"),
            ],
        };
        command.Add(name);
        foreach (Option option in (Option[])[to, from, mirror, raw, licence, unverified, http, json, cache]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var model = KnownModels.Of(terminal).Find(parsed.GetRequiredValue(name));
            var fetch = new ModelFetch(terminal, model, CacheFolder.ModelsOf(parsed, cache, terminal))
            {
                Request = new()
                {
                    From = parsed.GetValue(from)?.FullName,
                    Mirrors = KnownModels.MirrorsOf(terminal, parsed.GetValue(mirror)),
                    AcceptLicence = parsed.GetValue(licence),
                    AcceptUnverified = parsed.GetValue(unverified),
                },
                Downloads = new() { AllowHttp = parsed.GetValue(http) },
                To = parsed.GetValue(to)?.FullName,
                Raw = parsed.GetValue(raw),
            };
            var (folder, files) = await fetch.RunAsync(cancellation);
            Report(terminal, model, folder, !fetch.Raw, files, parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    static void Report(Terminal terminal, CatalogueEntry model, string folder, bool converted, IReadOnlyList<FetchedFile> fetched,
        bool asJson)
    {
        foreach (var file in fetched.Where(file => file.File.Sha256 is null))
            terminal.Message($"{file.File.Name}: unverified, no SHA-256 is published; "
                + $"got {file.Digest.Sha256}, recorded in {ChecksumList.FileName} beside it");
        string next = model.Kind switch
        {
            CatalogueEntry.RetrievalModel => $"nativeretrieval index DIR --to sounds.nrx{(model.IsDefault ? "" : $" --model {folder}")}",
            CatalogueEntry.AudioEncoder => Training("--audio-model"),
            _ => Training("--text-model"),
        };
        if (asJson) WriteJson(terminal, model, folder, fetched, converted ? next : null);
        else
        {
            terminal.Line(folder);
            if (converted) terminal.Message($"to {(model.Kind == CatalogueEntry.RetrievalModel ? "search" : "train")} with it: {next}");
        }

        string Training(string option) => $"nativeretrieval train captions.csv --audio DIR {option} {folder} --to RUN";
    }

    static void WriteJson(Terminal terminal, CatalogueEntry model, string folder, IReadOnlyList<FetchedFile> fetched, string? next) =>
        terminal.WriteJson(json =>
    {
        json.WriteString("model", model.Name);
        json.WriteString("folder", folder);
        json.WriteString("licence", model.Licence);
        json.WriteString("source", model.Source);
        json.WriteStartArray("files");
        foreach (var file in fetched)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteNumber("size_bytes", file.Digest.SizeBytes);
            json.WriteString("sha256", file.Digest.Sha256);
            json.WriteBoolean("checked", file.File.Sha256 is not null);
            json.WriteBoolean("was_there", file.WasThere);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("next", next);
    });
}
