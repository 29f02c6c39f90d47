using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>models fetch NAME</c>: download, check, convert.</summary>
static class ModelsFetchSubcommand
{
    const string MirrorVariable = "NATIVERETRIEVAL_MIRROR";

    public static Command Create(Terminal terminal)
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
        foreach (Option option in (Option[])[to, from, mirror, raw, json, cache]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var model = ModelCatalogue.Embedded.Find(parsed.GetRequiredValue(name));
            string? folder = parsed.GetValue(to)?.FullName, cached = CacheFolder.Of(parsed, cache, CacheFolder.Models);
            string source = parsed.GetValue(raw) && folder is not null ? folder : ModelStore.SourceIn(cached, model);
            string ready = folder ?? ModelStore.ReadyIn(cached, model);
            bool convert = !parsed.GetValue(raw);
            // A download of hundreds of megabytes does not begin where its result has no place.
            if (convert && folder is not null) CheckpointConversion.CheckTarget(folder);
            var fetched = await FetchAsync(terminal, model, source, parsed.GetValue(from)?.FullName, Mirror(parsed.GetValue(mirror)),
                cancellation);
            if (convert)
                Convert(terminal, model, source, ready, replace: folder is null, fresh: fetched.Any(file => !file.WasThere), cancellation);
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

    static async Task<IReadOnlyList<FetchedFile>> FetchAsync(Terminal terminal, CatalogueEntry model, string source, string? from,
        Uri? mirror, CancellationToken cancellation)
    {
        terminal.Message($"{model.Name}: {model.Source}, licence {model.Licence}");
        using var client = Downloader.CreateClient();
        using var progress = new Output.Progress(terminal, model.Name, (model.SizeBytes ?? 0) >> 10, "KiB");
        long before = 0, current = 0;
        CatalogueFile? last = null;
        var request = new FetchRequest
        {
            From = from,
            Mirror = mirror,
            Report = (file, bytes) =>
            {
                if (file != last) (before, last) = (before + current, file);
                current = bytes;
                progress.Report((before + bytes) >> 10);
            },
        };
        return await ModelStore.FetchAsync(new Downloader(client, terminal.Time), model, source, request, cancellation);
    }

    static void Convert(Terminal terminal, CatalogueEntry model, string source, string ready, bool replace, bool fresh,
        CancellationToken cancellation)
    {
        if (replace && Directory.Exists(ready))
        {
            if (!fresh && ChecksumList.Verify(ready, cancellation).Count == 0) return;
            DurableFile.DeleteFolder(ready);
        }
        string checkpoint = model.Kind == CatalogueEntry.TextEncoder ? source : Path.Combine(source, model.Files[0].Name);
        var report = CheckpointConversion.Run(new ConversionRequest { Checkpoint = checkpoint, Target = ready, Map = model.Map },
            cancellation);
        foreach (string line in report.Lines()) terminal.Message(line);
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
