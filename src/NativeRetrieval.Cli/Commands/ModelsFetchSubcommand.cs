using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>models fetch NAME</c>: download, check, convert.</summary>
static class ModelsFetchSubcommand
{
    const string MirrorVariable = "NATIVERETRIEVAL_MIRROR";

    public static Command Create(Terminal terminal, ModelCatalogue catalogue)
    {
        var name = new Argument<string>("NAME") { Description = "Name in the catalogue, e.g. panns-cnn14." };
        var to = new Option<DirectoryInfo?>("--to") { Description = "Folder to make; default: in the cache.", HelpName = "DIR" };
        var from = new Option<FileInfo?>("--from")
        {
            Description = "Take the published file from here instead of the network; a folder where a model has several files.",
            HelpName = "FILE",
        };
        var mirror = new Option<string?>("--mirror")
        {
            Description = $"Fetch URL/NAME/FILE instead of the published address; default: {MirrorVariable}.",
            HelpName = "URL",
        };
        var raw = new Option<bool>("--no-convert") { Description = "Fetch the files as they are published and leave it at that." };
        var unverified = new Option<bool>("--accept-unverified")
        {
            Description = "Take a model of which no SHA-256 is published; models list marks them.",
        };
        var http = new Option<bool>("--allow-http") { Description = "Follow a redirection from https to http." };
        var json = JsonOutput.Option();
        var cache = CacheFolder.ModelsOption();
        var command = new DocumentedCommand("fetch", "Fetch a published encoder, check it, and make a folder that train takes. "
            + "An interrupted download goes on where it stopped.")
        {
            Examples =
            [
                ("nativeretrieval models fetch panns-cnn14", "The report's audio encoder, for train --audio-model"),
                ("nativeretrieval models fetch bert-base-uncased --to models/bert", "The report's text encoder, for train --text-model"),
                ("nativeretrieval models fetch panns-cnn14 --from Cnn14_mAP=0.431.pth", "On a machine without a network"),
            ],
        };
        command.Add(name);
        foreach (Option option in (Option[])[to, from, mirror, raw, unverified, http, json, cache]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var model = catalogue.Find(parsed.GetRequiredValue(name));
            string? folder = parsed.GetValue(to)?.FullName, cached = CacheFolder.Of(parsed, cache, CacheFolder.Models);
            string source = parsed.GetValue(raw) && folder is not null ? folder : ModelStore.SourceIn(cached, model);
            string ready = folder ?? ModelStore.ReadyIn(cached, model);
            bool convert = !parsed.GetValue(raw);
            // A download of hundreds of megabytes does not begin where its result has no place.
            if (convert && folder is not null) CheckpointConversion.CheckTarget(folder);
            var request = new FetchRequest
            {
                From = parsed.GetValue(from)?.FullName,
                Mirror = Mirror(parsed.GetValue(mirror)),
                AcceptUnverified = parsed.GetValue(unverified),
            };
            ModelStore.RequireConsent(model, request);
            var options = new DownloadOptions { AllowHttp = parsed.GetValue(http) };
            var fetched = await FetchAsync(terminal, model, source, request, options, cancellation);
            if (convert)
                Convert(terminal, model, source, ready, inCache: folder is null, cancellation);
            Report(terminal, model, convert ? ready : source, convert, fetched, parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    static Uri? Mirror(string? given)
    {
        given ??= Environment.GetEnvironmentVariable(MirrorVariable);
        if (string.IsNullOrEmpty(given)) return null;
        return Uri.TryCreate(given, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
            : throw new OptionException($"the mirror '{given}' is no web address");
    }

    static async Task<IReadOnlyList<FetchedFile>> FetchAsync(Terminal terminal, CatalogueEntry model, string source, FetchRequest request,
        DownloadOptions options, CancellationToken cancellation)
    {
        terminal.Message($"{model.Name}: {model.Source}, licence {model.Licence}");
        using var client = Downloader.CreateClient();
        using var progress = new Output.Progress(terminal, model.Name, (model.SizeBytes ?? 0) >> 10, "KiB");
        long before = 0, current = 0;
        CatalogueFile? last = null;
        request = request with
        {
            Report = (file, bytes) =>
            {
                if (file != last) (before, last) = (before + current, file);
                current = bytes;
                progress.Report((before + bytes) >> 10);
            },
        };
        return await ModelStore.FetchAsync(new Downloader(client, terminal.Time, options), model, source, request, cancellation);
    }

    static void Convert(Terminal terminal, CatalogueEntry model, string source, string ready, bool inCache, CancellationToken cancellation)
    {
        var folder = new ReadyFolder(ready, source);
        if (!inCache) Make(ready);
        else if (!folder.IsCurrent(cancellation)) folder.Replace(Make);

        void Make(string target)
        {
            string checkpoint = model.Kind == CatalogueEntry.TextEncoder ? source : Path.Combine(source, model.Files[0].Name);
            var report = CheckpointConversion.Run(new ConversionRequest { Checkpoint = checkpoint, Target = target, Map = model.Map },
                cancellation);
            foreach (string line in (report with { Target = ready }).Lines()) terminal.Message(line);
        }
    }

    static void Report(Terminal terminal, CatalogueEntry model, string folder, bool converted, IReadOnlyList<FetchedFile> fetched,
        bool asJson)
    {
        foreach (var file in fetched.Where(file => !file.File.HasChecksum))
            terminal.Message($"{file.File.Name}: checksum: none published here; "
                + $"got SHA-256 {file.Digest.Sha256}, recorded in {ChecksumList.FileName} beside it");
        string option = model.Kind == CatalogueEntry.AudioEncoder ? "--audio-model" : "--text-model";
        string next = $"nativeretrieval train captions.csv --audio DIR {option} {folder} --to RUN";
        if (asJson) WriteJson(terminal, model, folder, fetched, converted ? next : null);
        else
        {
            terminal.Line(folder);
            if (converted) terminal.Message($"to train with it: {next}");
        }
    }

    static void WriteJson(Terminal terminal, CatalogueEntry model, string folder, IReadOnlyList<FetchedFile> fetched, string? next) =>
        terminal.WriteJson(json =>
    {
        json.WriteString("model", model.Name);
        json.WriteString("folder", folder);
        json.WriteString("licence", model.Licence);
        json.WriteStartArray("files");
        foreach (var file in fetched)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteNumber("size_bytes", file.Digest.SizeBytes);
            json.WriteString("sha256", file.Digest.Sha256);
            json.WriteBoolean("checked", file.File.HasChecksum);
            json.WriteBoolean("was_there", file.WasThere);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("next", next);
    });
}
